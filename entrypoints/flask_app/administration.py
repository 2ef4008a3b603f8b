from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue

from application.administration import Administration
from entrypoints.api.http import cursor
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, show_page


@dataclass(frozen=True, slots=True)
class AdministrationPages:
    administration: Administration

    def users(self) -> ResponseReturnValue:
        actor = signed_in()
        search = request.args.get("q", "").replace("\0", "")[:100]
        page = self.administration.users(actor, search, cursor(request.args), ROWS_ON_A_PAGE)
        more = urlencode({"q": search, "after": page.next}) if page.next else None
        return show_page(
            "admin.html", actor, people=page.items, q=search, next_url=f"/admin?{more}" if more else None
        )
