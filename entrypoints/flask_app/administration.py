from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from application.administration import Administration
from application.two_factor import SecondFactors
from domain.access import Permission
from domain.events import EventFilter, Tag
from entrypoints.api.administration import event_filter
from entrypoints.api.http import Request, cursor
from entrypoints.flask_app.login import client, signed_in
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, show_page

EVENTS_OF_A_USER = 10


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
            "admin.html", actor, people=page.items, q=search, next_url=f"/admin?{more}" if more else None
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
        asked = {name: request.args.get(name, "") for name in ("user", "team", "tag", "since", "until")}
        filter = event_filter(Request(client(), actor, query=asked))
        page = self.administration.events_of(actor, filter, cursor(request.args), ROWS_ON_A_PAGE)
        kept = {name: value for name, value in asked.items() if value}
        more = urlencode(kept | {"after": page.next}) if page.next else None
        return show_page(
            "admin_events.html",
            actor,
            events=page.items,
            asked=asked,
            filtered=bool(kept),
            tags=[("", "All events")] + [(str(tag), tag.sentence) for tag in Tag],
            next_url=f"/admin/events?{more}" if more else None,
        )
