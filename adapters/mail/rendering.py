"""The subject and the two bodies of a mail. One template for each kind makes the text and the HTML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from textwrap import fill
from typing import Protocol
from urllib.parse import quote, urljoin, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.links import Purpose, in_words
from domain.mails import Mail

TEXT_WIDTH = 72
# Mail clients turn words such as `acme.com` into links. A space of no width behind the dot prevents that.
DOT_IN_WORD = re.compile(r"([.:/@])(?=\S)")


class Site(Protocol):
    """The look of the site: the names of `entrypoints/site.py`."""

    NAME: str
    ACCENT: str
    ON_ACCENT: str
    DARK_ACCENT: str
    ON_DARK_ACCENT: str
    LOGO: str
    FOOTER_LINKS: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str
    html: str


class Templates:
    """Links begin with `base_url`. The token is behind a #: browsers do not send that part to a server."""

    def __init__(self, base_url: str, site: Site, link_lifetimes: Mapping[Purpose, timedelta]) -> None:
        self.base_url, self.site, self.link_lifetimes = base_url, site, link_lifetimes

    @cached_property
    def text(self) -> Environment:
        return self._environment("txt")

    @cached_property
    def html(self) -> Environment:
        return self._environment("html")

    def write(self, mail: Mail) -> Written:
        # On one line: names of users and teams cannot add a paragraph.
        facts = {name: one_line(fact) for name, fact in mail.facts.items()}
        token = facts.pop("token", "")
        if token:
            purpose = next(purpose for purpose in Purpose if purpose.mail is mail.kind)
            facts["link"] = f"{self.base_url}{purpose.page}#{token}"
            facts["lifetime"] = in_words(self.link_lifetimes.get(purpose, purpose.lifetime))
        facts |= {"subject": mail.kind.subject, "recipient": mail.recipient, "when": moment(mail.created_at)}
        text = self.text.get_template(f"{mail.kind}.jinja").render(facts)
        html = self.html.get_template(f"{mail.kind}.jinja").render(facts)
        return Written(f"{mail.kind.subject} · {self.site.NAME}", wrapped(text), html)

    def _environment(self, form: str) -> Environment:
        """For text and for HTML: each has its own layout and its own parts."""
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape((), default=form == "html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        site = self.site
        environment.globals |= {
            "layout": f"layout.{form}",
            "parts": f"parts.{form}",
            "site": site,
            "base_url": self.base_url,
            "host": urlsplit(self.base_url).netloc,
            "footer_links": [(label, urljoin(self.base_url, url)) for label, url in site.FOOTER_LINKS],
            "logo": picture(site.LOGO, site.ACCENT, site.ON_ACCENT),
            "dark_logo": picture(site.LOGO, site.DARK_ACCENT, site.ON_DARK_ACCENT),
        }
        environment.filters |= {"one_line": one_line, "unlinked": unlinked}
        return environment


def moment(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y at %H:%M} UTC"


def picture(logo: str, accent: str, on_accent: str) -> str:
    """The logo as a URL that holds the whole picture: nothing is loaded."""
    shapes = logo.replace("var(--accent)", accent).replace("var(--on-accent)", on_accent)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{" ".join(shapes.split())}</svg>'
    return f"data:image/svg+xml,{quote(svg)}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def unlinked(name: str) -> str:
    """For text of other users: no mail client shows a link in it."""
    return DOT_IN_WORD.sub("\\1\u200b", name)


def wrapped(text: str) -> str:
    """Paragraphs with one empty line between. Lines with a link stay whole."""
    lines = (
        line
        if line.startswith(" ")
        else fill(line, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in text.strip().splitlines()
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
