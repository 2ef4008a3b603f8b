from dataclasses import dataclass
from datetime import timedelta

from flask import request
from flask.typing import ResponseReturnValue

from application.ports import Clock
from application.tokens import Tokens
from domain.paging import LARGEST_PAGE
from entrypoints.api.http import cursor
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, show_page, size

LIVES = ((30, "30 days"), (90, "90 days"), (365, "1 year"))


@dataclass(frozen=True, slots=True)
class TokenPages:
    tokens: Tokens
    now: Clock

    def list(self) -> ResponseReturnValue:
        actor, now = signed_in(), self.now()
        page = self.tokens.of(actor, cursor(request.args), ROWS_ON_A_PAGE)
        return show_page(
            "tokens.html",
            actor,
            tokens=page.items,
            number=size(page, lambda: len(self.tokens.of(actor, None, LARGEST_PAGE).items)),
            ends=[((now + timedelta(days=days)).isoformat(), life) for days, life in LIVES] + [("", "Never")],
            next_url=f"/settings/tokens?after={page.next}" if page.next else None,
        )
