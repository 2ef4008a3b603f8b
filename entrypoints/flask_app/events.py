from dataclasses import dataclass
from functools import partial

from flask import request
from flask.typing import ResponseReturnValue

from application.events import Events
from entrypoints.api.http import cursor
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, show_page, size


@dataclass(frozen=True, slots=True)
class EventPages:
    events: Events

    def history(self) -> ResponseReturnValue:
        actor = signed_in()
        page = self.events.mine(actor, cursor(request.args), ROWS_ON_A_PAGE)
        more = f"/settings/history?after={page.next}" if page.next else None
        number = size(page, partial(self.events.count_mine, actor))
        return show_page("history.html", actor, events=page.items, number=number, next_url=more)
