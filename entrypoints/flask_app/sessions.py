from dataclasses import dataclass

from flask import redirect
from flask.typing import ResponseReturnValue

from application.sessions import Sessions
from entrypoints.api.http import Cookie, SessionCookie
from entrypoints.flask_app.login import signed_in, visitor
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, cursor, show_page, show_to_strangers


@dataclass(frozen=True, slots=True)
class SessionPages:
    sessions: Sessions
    cookie: SessionCookie

    def login(self) -> ResponseReturnValue:
        return show_to_strangers("login.html")

    def logout(self) -> ResponseReturnValue:
        return show_page("logout.html", visitor())

    def end(self) -> ResponseReturnValue:
        actor = visitor()
        if actor:  # a user that logged out in another tab is logged out already
            self.sessions.logout(actor)
        response = redirect("/", 303)
        response.headers["Set-Cookie"] = self.cookie.header(Cookie())
        return response

    def list(self) -> ResponseReturnValue:
        actor = signed_in()
        after = cursor()
        page = self.sessions.of(actor, after, ROWS_ON_A_PAGE)
        more = f"/settings/sessions?after={page.next}" if page.next else None
        return show_page(
            "sessions.html",
            actor,
            sessions=page.items,
            current_id=actor.session.id,
            next_url=more,
            alone=not after and not more and len(page.items) == 1,
        )
