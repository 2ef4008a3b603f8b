from dataclasses import dataclass
from urllib.parse import quote

from flask import redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from application.two_factor import SecondFactors
from domain.errors import NotFound
from domain.passwords import ProofNeeded
from entrypoints.api.http import SessionCookie
from entrypoints.flask_app.login import signed_in, visitor
from entrypoints.flask_app.page import AFTER_LOGIN, local_path, show_page


@dataclass(frozen=True, slots=True)
class TwoFactorPages:
    two_factor: SecondFactors
    cookie: SessionCookie

    def log_in(self) -> ResponseReturnValue:
        """The form for the code. Without a pending login, redirect to /login."""
        onward = local_path(request.args.get("next", ""))
        if visitor() is not None:
            return redirect(onward)
        if self.two_factor.pending_login(request.cookies.get(self.cookie.name)) is None:
            return redirect(f"/login?next={quote(onward, safe='/')}" if onward != AFTER_LOGIN else "/login")
        return show_page("login_two_factor.html", None, next=onward)

    def settings(self) -> ResponseReturnValue:
        actor = signed_in()
        on, codes_left = self.two_factor.state(actor)
        setup, picture = None, ""
        if not on and not actor.acting:
            try:
                setup = self.two_factor.begun(actor)
                picture = Markup(setup.qr_svg)  # noqa: S704 (our own drawing, without input as text)
            except (NotFound, ProofNeeded):
                pass  # the page shows the first step
        return show_page("two_factor.html", actor, on=on, codes_left=codes_left, setup=setup, picture=picture)
