from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from application.teams import Teams
from domain.access import TeamRole
from domain.teams import Membership, Team, exported_team
from entrypoints.api.http import DONE, Body, Request, Response, Text


class NameTeam(Body):
    # Longer than a team's name may be: markup is removed before the domain counts.
    name: Annotated[Text, Field(max_length=500)]


class ChangeRole(Body):
    role: TeamRole


class TeamShape(TypedDict):
    """`role` is the role of the user that asks."""

    id: UUID
    name: str
    personal: bool
    role: TeamRole
    needs_two_factor: bool
    created_at: datetime


class MemberShape(TypedDict):
    user_id: UUID
    username: str
    role: TeamRole
    joined_at: datetime


def show_team(team: Team, membership: Membership) -> TeamShape:
    return cast(TeamShape, exported_team(team, membership))


def show_member(member: Membership) -> MemberShape:
    return {
        "user_id": member.user_id,
        "username": member.username,
        "role": member.role,
        "joined_at": member.joined_at,
    }


@dataclass(frozen=True, slots=True)
class TeamViews:
    teams: Teams

    def list(self, request: Request) -> Response:
        teams = self.teams.mine(request.user_actor())
        return Response({"data": [show_team(*mine) for mine in teams], "next": None})

    def create(self, request: Request, body: NameTeam) -> Response:
        team = self.teams.create(request.user_actor(), body.name)
        return Response({"message": "success", "data": show_team(*team)})

    def show(self, request: Request) -> Response:
        team = self.teams.show(request.user_actor(), request.path["id"])
        return Response({"data": show_team(*team)})

    def rename(self, request: Request, body: NameTeam) -> Response:
        team = self.teams.rename(request.user_actor(), request.path["id"], body.name)
        return Response({"data": show_team(*team)})

    def delete(self, request: Request) -> Response:
        self.teams.delete(request.signed_in(), request.path["id"])
        return DONE

    def members(self, request: Request) -> Response:
        actor, team_id = request.user_actor(), request.path["id"]
        page = self.teams.members(actor, team_id, request.after(), request.limit())
        return Response({"data": [show_member(member) for member in page.items], "next": page.next})

    def change_role(self, request: Request, body: ChangeRole) -> Response:
        actor, team_id, user_id = request.user_actor(), request.path["id"], request.path["user_id"]
        return Response({"data": show_member(self.teams.change_role(actor, team_id, user_id, body.role))})

    def remove(self, request: Request) -> Response:
        self.teams.remove(request.user_actor(), request.path["id"], request.path["user_id"])
        return DONE
