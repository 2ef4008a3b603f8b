"""Pages for development, under /dev. They exist with the debugger of `make dev` only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from flask import Flask, Response, abort
from flask.typing import ResponseReturnValue, RouteCallable

from application.wiring import Wire
from domain.mails import Mail, MailKind
from entrypoints.api.gate import POLICY
from entrypoints.flask_app.login import visitor
from entrypoints.flask_app.page import show_page
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN = "sample-k3pT0kEnk3pT0kEnk3pT0kEnk3pT0kEnk3p"
USER = {"username": "ada"}
CLIENT = {"device": "Firefox on Linux", "ip": "203.0.113.7"}

# The facts of each mail, as the use cases give them.
SAMPLES: dict[MailKind, dict[str, str]] = {
    MailKind.VERIFY_EMAIL: USER | {"token": TOKEN},
    MailKind.EMAIL_CHANGE_ASKED: USER | CLIENT,
    MailKind.EMAIL_CHANGED: USER,
    MailKind.RESET_PASSWORD: USER | CLIENT | {"token": TOKEN},
    MailKind.PASSWORD_CHANGED: USER | CLIENT,
    MailKind.NEW_DEVICE: USER | CLIENT,
    MailKind.USERNAME_CHANGED: USER | CLIENT,
    MailKind.ACCOUNT_DELETED: USER,
    MailKind.INVITATION: {"team": "Analysts", "inviter": "grace", "role": "member", "token": TOKEN},
    MailKind.TWO_FACTOR_ON: USER | CLIENT,
    MailKind.TWO_FACTOR_OFF: USER | CLIENT,
    MailKind.RECOVERY_CODES_RENEWED: USER | CLIENT,
    MailKind.RECOVERY_CODE_USED: USER | CLIENT | {"left": "9"},
    MailKind.TOKEN_CREATED: USER | CLIENT | {"name": "Deploy"},
    MailKind.TEAM_DELETED: USER | {"team": "Analysts"},
}

# The policy of the site forbids what a preview needs: a frame, and the inline styles of mails.
WITH_FRAME = {"Content-Security-Policy": f"{POLICY}; frame-src 'self'"}
OF_MAIL = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'"
}


class MailWriter(Protocol):
    def write(self, mail: Mail) -> Any:
        """The mail's `subject`, `text` and `html`."""


@dataclass(frozen=True, slots=True)
class MailPages:
    settings: Settings
    templates: MailWriter

    def preview(self, kind: str = MailKind.VERIFY_EMAIL) -> ResponseReturnValue:
        sample = sample_of(kind)
        name, address = self.settings.mail_sender
        page = show_page(
            "dev_mails.html",
            visitor(),
            kinds=list(MailKind),
            mail=sample,
            written=self.templates.write(sample),
            sender=f"{name} <{address}>",
        )
        return Response(page, headers=WITH_FRAME)

    def html(self, kind: str) -> ResponseReturnValue:
        html = self.templates.write(sample_of(kind)).html
        # The links of a mail open outside of the frame.
        return Response(html.replace("<head>", '<head><base target="_blank">', 1), headers=OF_MAIL)


def components() -> ResponseReturnValue:
    return show_page("dev_components.html", visitor(), moment=datetime.now(UTC) - timedelta(minutes=2))


def sample_of(kind: str) -> Mail:
    found = next((each for each in MailKind if each == kind), None)
    if found is None:
        abort(404)
    now = datetime.now(UTC)
    return Mail(
        id=UUID(int=0),
        kind=found,
        user_id=None,
        recipient="ada@example.org",
        facts=SAMPLES[found],
        created_at=now,
        next_try_at=now,
    )


class OwnPolicies:
    """A page's own Content-Security-Policy takes the place of the site's."""

    def __init__(self, application: "WSGIApplication") -> None:
        self.application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            # The gate adds its headers behind those of the page.
            policy = next((header for header in headers if header[0] == "Content-Security-Policy"), None)
            others = [header for header in headers if header[0] != "Content-Security-Policy"]
            return start_response(status, [*others, policy] if policy else others, *exc_info)

        return self.application(environ, start)


def add_dev_pages(app: Flask, wire: Wire) -> None:
    """Every page for development. To be called after `add_gate`."""

    def page(url: str, view: RouteCallable) -> None:
        app.add_url_rule(url, f"GET {url}", view, methods=["GET"])

    mails = wire(MailPages)

    page("/dev/components", components)
    page("/dev/mails", mails.preview)
    page("/dev/mails/<kind>", mails.preview)
    page("/dev/mails/<kind>.html", mails.html)
    app.wsgi_app = OwnPolicies(app.wsgi_app)  # type: ignore[method-assign]
