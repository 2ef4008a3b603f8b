"""The files that are made from `entrypoints/site.py` at start: the colours and the browser's icon."""

from io import BytesIO

from flask import Flask, send_file
from flask.typing import ResponseReturnValue

from entrypoints import site

COLOURS = f"""\
:root {{ --accent: {site.ACCENT}; --on-accent: {site.ON_ACCENT}; }}

@media (prefers-color-scheme: dark) {{
  :root {{ --accent: {site.DARK_ACCENT}; --on-accent: {site.ON_DARK_ACCENT}; }}
}}
"""

# An icon has no stylesheet: the light colours are written into it.
ICON = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
{site.LOGO.replace("var(--accent)", site.ACCENT).replace("var(--on-accent)", site.ON_ACCENT).strip()}
</svg>
"""

FILES = {"colours.css": ("text/css", COLOURS), "favicon.svg": ("image/svg+xml", ICON)}


def add_brand(app: Flask) -> None:
    """Serve FILES under /static/, beside the files of the folder."""
    for name in FILES:
        app.add_url_rule(f"/static/{name}", f"GET /static/{name}", show, defaults={"name": name})


def show(name: str) -> ResponseReturnValue:
    kind, text = FILES[name]
    return send_file(BytesIO(text.encode()), mimetype=kind)
