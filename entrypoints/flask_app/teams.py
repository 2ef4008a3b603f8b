from dataclasses import dataclass
from functools import partial
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from application.invitations import Invitations
from application.teams import Teams
from domain.access import TeamPermission, TeamRole
from domain.paging import LARGEST_PAGE
from entrypoints.api.http import cursor
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.page import ROWS_ON_A_PAGE, show_page, size


@dataclass(frozen=True, slots=True)
class TeamPages:
    teams: Teams
    invitations: Invitations

    def list(self) -> ResponseReturnValue:
        return show_page("teams.html", signed_in())

    def settings(self, id: UUID) -> ResponseReturnValue:
        actor = signed_in()
        team, member = self.teams.show(actor, id)
        return show_page("team.html", actor, team=team, member=member)

    def members(self, id: UUID) -> ResponseReturnValue:
        actor = signed_in()
        team, member = self.teams.show(actor, id)
        page = self.teams.members(actor, id, cursor(request.args), ROWS_ON_A_PAGE)
        invites = member.may(TeamPermission.INVITE)
        return show_page(
            "members.html",
            actor,
            team=team,
            member=member,
            members=page.items,
            number=size(page, partial(self.teams.count_members, actor, id)),
            invitations=self.invitations.of(actor, id, None, LARGEST_PAGE) if invites else None,
            roles=[(role.value, role.capitalize()) for role in TeamRole if member.role.covers(role)],
            here_url=f"/teams/{id}/members",
            next_url=f"/teams/{id}/members?after={page.next}" if page.next else None,
        )
