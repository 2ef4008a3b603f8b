from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from pydantic import AwareDatetime

from application.administration import Administration
from application.emails import Emails
from application.passwords import Passwords
from domain.events import Event, EventFilter, Tag
from domain.personal import exported
from domain.users import Role, User
from entrypoints.api.events import EventShape
from entrypoints.api.http import DONE, Body, Request, Response
from entrypoints.api.users import UserShape


class ChangeUser(Body):
    disabled: bool | None = None
    roles: list[Role] | None = None


# The query of the events. `event_filter` reads it.
EVENT_FILTER: dict[str, Any] = {
    "user": UUID,
    "team": UUID,
    "tag": Tag,
    "since": AwareDatetime,
    "until": AwareDatetime,
}


class AdminUserShape(UserShape):
    disabled: bool
    disabled_at: datetime | None


class AdminEventShape(EventShape):
    user_id: UUID | None
    username: str | None
    actor_id: UUID | None
    actor: str | None
    operator: str
    team_id: UUID | None
    team: str | None


def show_admin_user(user: User) -> AdminUserShape:
    shown = exported(user) | {"disabled": user.disabled, "disabled_at": user.disabled_at}
    return cast(AdminUserShape, shown)


def show_admin_event(event: Event) -> AdminEventShape:
    names = ("user_id", "username", "actor_id", "actor", "operator", "team_id", "team")
    shown: dict[str, Any] = exported(event) | {name: getattr(event, name) for name in names}
    return cast(AdminEventShape, shown)


@dataclass(frozen=True, slots=True)
class AdministrationViews:
    administration: Administration
    passwords: Passwords
    emails: Emails

    def users(self, request: Request) -> Response:
        search, actor = request.query.get("q", ""), request.signed_in()
        page = self.administration.users(actor, search, request.after(), request.limit())
        return Response({"data": [show_admin_user(user) for user in page.items], "next": page.next})

    def user(self, request: Request) -> Response:
        user = self.administration.user(request.signed_in(), request.path["id"])
        return Response({"data": show_admin_user(user)})

    def change(self, request: Request, body: ChangeUser) -> Response:
        roles = None if body.roles is None else frozenset(body.roles)
        user = self.administration.change(
            request.signed_in(), request.path["id"], disabled=body.disabled, roles=roles
        )
        return Response({"data": show_admin_user(user)})

    def end_sessions(self, request: Request) -> Response:
        self.administration.end_sessions(request.signed_in(), request.path["id"])
        return DONE

    def reset_password(self, request: Request) -> Response:
        self.passwords.send_reset(request.signed_in(), request.path["id"])
        return DONE

    def verify_email(self, request: Request) -> Response:
        self.emails.send_to(request.signed_in(), request.path["id"])
        return DONE

    def events(self, request: Request) -> Response:
        filter = event_filter(request)
        page = self.administration.events_of(request.signed_in(), filter, request.after(), request.limit())
        return Response({"data": [show_admin_event(event) for event in page.items], "next": page.next})


def event_filter(request: Request) -> EventFilter:
    """What the query asks for. Raise Invalid."""
    return EventFilter(
        user_id=request.id("user"),
        team_id=request.id("team"),
        tag=request.word("tag", Tag),
        since=request.moment("since"),
        until=request.moment("until"),
    )
