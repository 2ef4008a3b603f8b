from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from application.invitations import Invitations
from domain.access import TeamRole
from domain.invitations import Invitation
from entrypoints.api.http import DONE, Body, Email, Request, Response, Token
from entrypoints.api.teams import show_team


class Invite(Body):
    email: Email
    role: TeamRole


class UseInvitation(Body):
    token: Token


class InvitationShape(TypedDict):
    id: UUID
    email: str
    role: TeamRole
    invited_by: str
    created_at: datetime
    expires_at: datetime


class OpenedInvitationShape(TypedDict):
    team: str
    role: TeamRole
    invited_by: str
    email: str
    email_key: str


def show_invitation(invitation: Invitation) -> InvitationShape:
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "invited_by": invitation.invited_by,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }


def show_opened(invitation: Invitation) -> OpenedInvitationShape:
    return {
        "team": invitation.team_name,
        "role": invitation.role,
        "invited_by": invitation.invited_by,
        "email": invitation.email,
        "email_key": invitation.email_key,
    }


@dataclass(frozen=True, slots=True)
class InvitationViews:
    invitations: Invitations

    def list(self, request: Request) -> Response:
        actor, team_id = request.user_actor(), request.path["id"]
        page = self.invitations.of(actor, team_id, request.after(), request.limit())
        return Response({"data": [show_invitation(found) for found in page.items], "next": page.next})

    def invite(self, request: Request, body: Invite) -> Response:
        actor, team_id = request.user_actor(), request.path["id"]
        invitation = self.invitations.invite(actor, team_id, body.email, body.role)
        return Response({"message": "success", "data": show_invitation(invitation)})

    def send_again(self, request: Request) -> Response:
        actor, path = request.user_actor(), request.path
        invitation = self.invitations.send_again(actor, path["id"], path["invitation_id"])
        return Response({"message": "success", "data": show_invitation(invitation)})

    def revoke(self, request: Request) -> Response:
        self.invitations.revoke(request.user_actor(), request.path["id"], request.path["invitation_id"])
        return DONE

    def show(self, request: Request, body: UseInvitation) -> Response:
        return Response({"data": show_opened(self.invitations.show(body.token))})

    def accept(self, request: Request, body: UseInvitation) -> Response:
        team = self.invitations.accept(request.signed_in(), body.token)
        return Response({"message": "success", "data": show_team(*team)})
