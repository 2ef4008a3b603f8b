from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from application.teams import Teams
from application.two_factor import SecondFactors
from entrypoints.flask_app.login import signed_in, visitor
from entrypoints.flask_app.page import show_page, show_to_strangers


@dataclass(frozen=True, slots=True)
class AccountPages:
    teams: Teams
    two_factor: SecondFactors

    def home(self) -> ResponseReturnValue:
        actor = visitor()
        if actor is None:
            return show_page("home.html", None)
        teams = self.teams.mine(actor)
        return show_page("start.html", actor, teams=teams, steps=self.teams.first_steps(actor, teams))

    def register(self) -> ResponseReturnValue:
        return show_to_strangers("register.html")

    def settings(self) -> ResponseReturnValue:
        return show_page("settings.html", signed_in())

    def security(self) -> ResponseReturnValue:
        actor = signed_in()
        on, _ = self.two_factor.state(actor)
        return show_page("security.html", actor, on=on)

    def data(self) -> ResponseReturnValue:
        return show_page("data.html", signed_in())
