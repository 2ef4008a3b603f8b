from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from application.administration import Administration
from application.two_factor import SecondFactors
from domain.access import Permission, SignedIn
from domain.errors import Invalid, NotFound
from domain.events import Event, EventFilter, Tag
from domain.paging import Page
from entrypoints.api.administration import event_filter
from entrypoints.api.http import Request, cursor
from entrypoints.flask_app.login import client, signed_in
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, show_page, size

EVENTS_OF_A_USER = 10
FILTERS = ("user", "team", "tag", "since", "until")


@dataclass(frozen=True, slots=True)
class AdministrationPages:
    administration: Administration
    two_factor: SecondFactors

    def users(self) -> ResponseReturnValue:
        actor = signed_in()
        search = request.args.get("q", "").replace("\0", "")[:100]
        page = self.administration.users(actor, search, cursor(request.args), ROWS_ON_A_PAGE)
        more = urlencode({"q": search, "after": page.next}) if page.next else None
        return show_page(
            "admin.html",
            actor,
            people=page.items,
            number=size(page, partial(self.administration.count_users, actor, search)),
            q=search,
            next_url=f"/admin?{more}" if more else None,
        )

    def user(self, id: UUID) -> ResponseReturnValue:
        actor = signed_in()
        person = self.administration.user(actor, id)
        page = self.administration.events_of(actor, EventFilter(user_id=id), None, EVENTS_OF_A_USER)
        return show_page(
            "admin_user.html",
            actor,
            person=person,
            second_factor=self.two_factor.on_for(actor, id),
            events=page.items,
            may_act=actor.may(Permission.ACT_AS_USERS) and not person.roles and not person.disabled,
        )

    def events(self) -> ResponseReturnValue:
        actor = signed_in()
        asked = {name: request.args.get(name, "").strip() for name in FILTERS}
        kept = {name: value for name, value in asked.items() if value}
        wrong = ""
        page: Page[Event] = Page([], None)
        number = 0
        try:
            filter = self._filter(actor, asked)
        except NotFound:
            wrong = "There is no user with this name."
        except Invalid as error:
            wrong = f"This isn't valid: {', '.join(error.fields)}."
        else:
            page = self.administration.events_of(actor, filter, cursor(request.args), ROWS_ON_A_PAGE)
            number = size(page, partial(self.administration.count_events, actor, filter))
        more = urlencode(kept | {"after": page.next}) if page.next else None
        return show_page(
            "admin_events.html",
            actor,
            events=page.items,
            number=number,
            asked=asked,
            filtered=bool(kept),
            wrong=wrong,
            tags=[("", "All events")] + [(str(tag), tag.sentence) for tag in Tag],
            next_url=f"/admin/events?{more}" if more else None,
        )

    def _filter(self, actor: SignedIn, asked: Mapping[str, str]) -> EventFilter:
        """The form has names and days, the API has ids and moments. Raise Invalid or NotFound."""
        query = {name: asked[name] for name in ("team", "tag")}
        if asked["user"]:
            query["user"] = str(self.administration.user_with(actor, asked["user"]).id)
        for name, days in (("since", 0), ("until", 1)):  # until the end of that day
            if asked[name]:
                query[name] = midnight(name, asked[name], days)
        return event_filter(Request(client(), actor, query=query))


def midnight(name: str, day: str, later: int) -> str:
    """The beginning of the day, so many days later, in UTC. Raise Invalid."""
    try:
        return f"{date.fromisoformat(day) + timedelta(days=later)}T00:00:00Z"
    except (ValueError, OverflowError):
        raise Invalid(name, "This isn't valid.") from None
