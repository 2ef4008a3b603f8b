from dataclasses import dataclass
from uuid import UUID

from flask import jsonify, redirect
from flask.typing import ResponseReturnValue
from werkzeug import Response

from application.sessions import Sessions
from entrypoints.flask_app.clients import client
from entrypoints.flask_app.login import Cookie, signed_in, visitor
from entrypoints.flask_app.wire import read
from entrypoints.schemas import Login, show_session, show_user


@dataclass(frozen=True, slots=True)
class SessionViews:
    sessions: Sessions
    cookie: Cookie

    def login(self) -> ResponseReturnValue:
        unsafe = read(Login)
        actor, secret = self.sessions.login(
            unsafe.email,
            unsafe.password,
            remember=unsafe.remember,
            replacing=self.cookie.secret(),
            client=client(),
        )
        response = jsonify(message="success", data=show_user(actor.user))
        self.cookie.hand_over(response, secret, actor)
        return response

    def list(self) -> ResponseReturnValue:
        actor = signed_in()
        sessions = self.sessions.of(actor)
        return {"data": [show_session(session, actor.session.id) for session in sessions], "next": None}

    def end(self, id: UUID) -> ResponseReturnValue:
        actor = signed_in()
        self.sessions.end(actor, id)
        response = jsonify(message="success")
        return self._without_cookie(response) if id == actor.session.id else response

    def end_others(self) -> ResponseReturnValue:
        self.sessions.end_others(signed_in())
        return {"message": "success"}

    def logout(self) -> ResponseReturnValue:
        self.sessions.logout(signed_in())
        return self._without_cookie(jsonify(message="success"))

    def logout_from_page(self) -> ResponseReturnValue:
        actor = visitor()
        if actor:  # who is logged out already, in another tab say, has what they wanted
            self.sessions.logout(actor)
        return self._without_cookie(redirect("/", 303))

    def _without_cookie(self, response: Response) -> Response:
        self.cookie.take_away(response)
        return response
