"""The look of the site: name, colours, logo, footer. Change it here; our releases do not touch this file.

Pages, mails, the browser's icon, the command line and the start lines take it from here.
Restart the server after a change.
"""

NAME = "Hexstart"

# The sender's name in mails, beside the address.
SENDER = NAME

# The colour of buttons, links and the logo, and the colour of text on it: one pair for light, one for dark.
# `make test` fails when text in these colours is hard to read (WCAG AA: 4.5).
ACCENT, ON_ACCENT = "#0b6f66", "#ffffff"
DARK_ACCENT, ON_DARK_ACCENT = "#5fcfc0", "#06231f"

# The inside of an <svg> of 32 by 32. `var(--accent)` and `var(--on-accent)` are the colours above.
# No style="" in it: the site's Content-Security-Policy refuses inline styles.
# Mail clients that show no SVG show the first letter of NAME in its place.
LOGO = """
<path fill="var(--accent)" d="M16 1.5 28.6 8.75v14.5L16 30.5 3.4 23.25V8.75z"/>
<path fill="none" stroke="var(--on-accent)" stroke-width="3.2" stroke-linecap="round"
      d="M11 9.5v13M21 9.5v13M11 16h10"/>
"""

# Label and URL of each link, for example ("Privacy", "/privacy") or ("Help", "mailto:help@acme.com").
FOOTER_LINKS: tuple[tuple[str, str], ...] = ()
