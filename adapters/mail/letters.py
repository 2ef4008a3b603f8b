"""What a mail says: its subject and two bodies, from a pair of Jinja templates for each letter."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.links import LinkLife, Purpose, in_words
from domain.mail import Letter, Mail

SUBJECTS: Mapping[Letter, str] = {
    Letter.VERIFY_EMAIL: "Verify your email address",
    Letter.EMAIL_CHANGE_ASKED: "Request to change your email address",
    Letter.EMAIL_CHANGED: "Your email address was changed",
    Letter.RESET_PASSWORD: "Reset your password",
    Letter.PASSWORD_CHANGED: "Your password was changed",
    Letter.NEW_DEVICE: "New login to your account",
}
LINKS = {
    Letter.VERIFY_EMAIL: ("/verify-email", Purpose.VERIFY_EMAIL),
    Letter.RESET_PASSWORD: ("/reset-password", Purpose.RESET_PASSWORD),
}


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str
    html: str


class Letters:
    """Links begin with `base_url`, whatever host a request named; tokens go behind #, which nobody logs."""

    def __init__(self, base_url: str, site_name: str, life: LinkLife, accent: str, on_accent: str) -> None:
        self.base_url, self.site_name, self.life = base_url, site_name, life
        self.accent, self.on_accent = accent, on_accent

    @cached_property
    def templates(self) -> Environment:
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
            page, purpose = LINKS[mail.letter]
            facts["link"] = f"{self.base_url}{page}#{token}"
            facts["lifetime"] = in_words(self.life.of(purpose))
        facts |= {
            "subject": SUBJECTS[mail.letter],
            "site_name": self.site_name,
            "base_url": self.base_url,
            "host": urlsplit(self.base_url).netloc,
            "recipient": mail.recipient,
            "accent": self.accent,
            "on_accent": self.on_accent,
        }
        text, html = (
            self.templates.get_template(f"{mail.letter}.{kind}").render(facts) for kind in ("txt", "html")
        )
        return Written(f"{SUBJECTS[mail.letter]} · {self.site_name}", text, html)
