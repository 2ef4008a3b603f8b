from dataclasses import dataclass

from flask import request
from flask.typing import ResponseReturnValue

from application.two_factor import SecondFactors
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.page import local_path, show_page


@dataclass(frozen=True, slots=True)
class ReauthenticationPages:
    two_factor: SecondFactors

    def form(self) -> ResponseReturnValue:
        actor = signed_in()
        by_code, _ = self.two_factor.state(actor)
        onward = local_path(request.args.get("next", ""))
        return show_page("reauthenticate.html", actor, next=onward, by_code=by_code)
