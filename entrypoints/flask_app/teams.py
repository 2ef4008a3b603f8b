from dataclasses import dataclass
from uuid import UUID

from flask.typing import ResponseReturnValue

from application.teams import Teams
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.wire import read
from entrypoints.schemas import RenameTeam, show_team


@dataclass(frozen=True, slots=True)
class TeamViews:
    teams: Teams

    def list(self) -> ResponseReturnValue:
        return {"data": [show_team(*mine) for mine in self.teams.mine(signed_in())], "next": None}

    def rename(self, id: UUID) -> ResponseReturnValue:
        actor = signed_in()
        unsafe = read(RenameTeam)
        return {"data": show_team(*self.teams.rename(actor, id, unsafe.name))}
