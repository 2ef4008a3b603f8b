from dataclasses import dataclass

from flask import redirect, request
from flask.typing import ResponseReturnValue

from application.sessions import Sessions
from application.two_factor import SecondFactors
from domain.paging import LARGEST_PAGE
from entrypoints.api.http import Cookie, SessionCookie, cursor
from entrypoints.flask_app.login import signed_in, visitor
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, show_page, show_to_strangers, size

# The same sentence is in static/forms.js, for a form that finds its session ended.
SESSION_ENDED = "Your session has ended. Log in to continue."


@dataclass(frozen=True, slots=True)
class SessionPages:
    sessions: Sessions
    two_factor: SecondFactors
    cookie: SessionCookie

    def login(self) -> ResponseReturnValue:
        """`?next=` comes from a page that needs a session. A cookie then shows that the session has ended."""
        ended = "next" in request.args and self.cookie.name in request.cookies
        return show_to_strangers("login.html", notice=SESSION_ENDED if ended else "")

    def logout(self) -> ResponseReturnValue:
        return show_page("logout.html", visitor())

    def end(self) -> ResponseReturnValue:
        actor = visitor()
        # The button stood in an old tab of another user. The page /logout names the current user, and asks.
        if actor and request.form.get("user", str(actor.id)) != str(actor.id):
            return redirect("/logout", 303)
        if actor:  # a user that logged out in another tab is logged out already
            self.sessions.logout(actor)
        else:
            self.two_factor.cancel_login(request.cookies.get(self.cookie.name))
        response = redirect("/", 303)
        response.headers["Set-Cookie"] = self.cookie.header(Cookie())
        return response

    def list(self) -> ResponseReturnValue:
        actor = signed_in()
        after = cursor(request.args)
        page = self.sessions.of(actor, after, ROWS_ON_A_PAGE)
        more = f"/settings/sessions?after={page.next}" if page.next else None
        return show_page(
            "sessions.html",
            actor,
            sessions=page.items,
            number=size(page, lambda: len(self.sessions.of(actor, None, LARGEST_PAGE).items)),
            current_id=actor.session.id,
            next_url=more,
            alone=not after and not more and all(session.id == actor.session.id for session in page.items),
        )
