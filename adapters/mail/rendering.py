"""The subject and the two bodies of a mail. Each kind of mail has a text template and an HTML template."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.links import Purpose, in_words
from domain.mails import Mail


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str
    html: str


class Templates:
    """Links begin with `base_url`. The token is behind a #: browsers do not send that part to a server."""

    def __init__(
        self,
        base_url: str,
        site_name: str,
        link_lifetimes: Mapping[Purpose, timedelta],
        accent: str,
        on_accent: str,
    ) -> None:
        self.base_url, self.site_name, self.link_lifetimes = base_url, site_name, link_lifetimes
        self.accent, self.on_accent = accent, on_accent

    @cached_property
    def environment(self) -> Environment:
        return Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def write(self, mail: Mail) -> Written:
        facts = dict(mail.facts)
        token = facts.pop("token", "")
        if token:
            purpose = next(purpose for purpose in Purpose if purpose.mail is mail.kind)
            facts["link"] = f"{self.base_url}{purpose.page}#{token}"
            facts["lifetime"] = in_words(self.link_lifetimes.get(purpose, purpose.lifetime))
        facts |= {
            "subject": mail.kind.subject,
            "site_name": self.site_name,
            "base_url": self.base_url,
            "host": urlsplit(self.base_url).netloc,
            "recipient": mail.recipient,
            "accent": self.accent,
            "on_accent": self.on_accent,
        }
        text, html = (
            self.environment.get_template(f"{mail.kind}.{ending}").render(facts) for ending in ("txt", "html")
        )
        return Written(f"{mail.kind.subject} · {self.site_name}", text, html)
