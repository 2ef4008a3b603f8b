from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from application.teams import Teams
from domain.errors import NotFound
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.page import show_page


@dataclass(frozen=True, slots=True)
class TeamPages:
    teams: Teams

    def settings(self) -> ResponseReturnValue:
        actor = signed_in()
        team = next((team for team, _ in self.teams.mine(actor) if team.personal), None)
        if team is None:
            raise NotFound
        return show_page("team.html", actor, team=team)
