from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from typing_extensions import TypedDict

from application.sessions import Sessions
from domain.logins import PendingLogin, SecondFactorDue
from domain.personal import exported
from domain.sessions import Session
from entrypoints.api.http import DONE, Body, Cookie, Email, Password, Request, Response
from entrypoints.api.users import show_user


class Login(Body):
    email: Email
    password: Password
    remember: bool = False


class SessionShape(TypedDict):
    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip: str
    user_agent: str
    device: str
    remembered: bool
    current: bool


def show_session(session: Session, current_id: UUID) -> SessionShape:
    return cast(SessionShape, exported(session) | {"current": session.id == current_id})


@dataclass(frozen=True, slots=True)
class SessionViews:
    sessions: Sessions

    def login(self, request: Request, body: Login) -> Response:
        actor, secret = self.sessions.login(
            body.email, body.password, remember=body.remember, replacing=request.cookie, client=request.client
        )
        if isinstance(actor, PendingLogin):
            return Response({}, Cookie(secret), error=SecondFactorDue())
        return Response({"message": "success", "data": show_user(actor.user)}, Cookie.of(actor, secret))

    def logout(self, request: Request) -> Response:
        self.sessions.logout(request.signed_in())
        return Response(DONE.data, Cookie())

    def list(self, request: Request) -> Response:
        actor = request.signed_in()
        page = self.sessions.of(actor, request.after(), request.limit())
        return Response(
            {"data": [show_session(each, actor.session.id) for each in page.items], "next": page.next}
        )

    def end(self, request: Request) -> Response:
        actor, session_id = request.signed_in(), request.path["id"]
        self.sessions.end(actor, session_id)
        return Response(DONE.data, Cookie() if session_id == actor.session.id else None)

    def end_others(self, request: Request) -> Response:
        self.sessions.end_others(request.signed_in())
        return DONE
