from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict, cast
from uuid import UUID

from pydantic import Field

from application.teams import Teams
from domain.teams import Membership, Team, exported_team
from entrypoints.api.http import Body, Request, Response, Text


class RenameTeam(Body):
    # Longer than a team's name may be: markup is removed before the domain counts.
    name: Annotated[Text, Field(max_length=500)]


class TeamShape(TypedDict):
    id: UUID
    name: str
    personal: bool
    role: str
    created_at: datetime


def show_team(team: Team, membership: Membership) -> TeamShape:
    return cast(TeamShape, exported_team(team, membership))


@dataclass(frozen=True, slots=True)
class TeamViews:
    teams: Teams

    def list(self, request: Request) -> Response:
        teams = self.teams.mine(request.signed_in())
        return Response({"data": [show_team(*mine) for mine in teams], "next": None})

    def rename(self, request: Request, body: RenameTeam) -> Response:
        team = self.teams.rename(request.signed_in(), request.path["id"], body.name)
        return Response({"data": show_team(*team)})
