"""Invitations: inviting an address to a team, and accepting the invitation.

An invitation ends when its inviter leaves the team, is removed, or gets another role. So a removed admin
cannot come back by an invitation of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from application.events import Events
from application.limits import Limits
from application.mails import Mails
from application.ports import Clock, Ids, Look, Secrets, Transaction, UnitOfWork
from application.reauthentication import Reauthentication
from domain.access import SignedIn, TeamPermission, TeamRole, UserActor
from domain.errors import NotFound
from domain.events import Tag
from domain.invitations import Invitation, OtherAddress
from domain.links import LinkGone, Purpose
from domain.mails import MailKind
from domain.paging import Page, page_size
from domain.secrets import hash_of
from domain.teams import Membership, Team
from domain.users import EmailSyntax, User, normal_email


@dataclass(frozen=True, slots=True)
class Invitations:
    """All use cases of one team raise NotFound for an outsider, and PermissionDenied for a low role."""

    look: Look
    transaction: Transaction
    reauthentication: Reauthentication
    mails: Mails
    limits: Limits
    syntax: EmailSyntax
    events: Events
    link_lifetimes: Mapping[Purpose, timedelta]
    now: Clock
    new_id: Ids
    new_secret: Secrets

    def of(self, actor: UserActor, team_id: UUID, after: UUID | None, limit: int) -> Page[Invitation]:
        """The valid invitations, newest first. `limit` is cut to 1 to 100."""
        with self.look() as stored:
            stored.teams.member(team_id, actor).require(TeamPermission.INVITE)
            return stored.invitations.of(team_id, self.now(), after, page_size(limit))

    def invite(self, actor: UserActor, team_id: UUID, unsafe_email: str, role: TeamRole) -> Invitation:
        """Send the address a link. An older invitation of the address to the team ends.

        The answer is the same with and without an account. Raise Invalid, TooManyAttempts or Stale.
        """
        with self.look() as stored:
            stored.teams.member(team_id, actor).require(TeamPermission.INVITE, role)
        email = normal_email(unsafe_email, self.syntax)
        with self.limits.invitation(actor.id, email), self.transaction() as work:
            self._require(work, actor, team_id, role)
            invitation = self._send(work, actor, team_id, email, role)
            work.commit()
        return invitation

    def send_again(self, actor: UserActor, team_id: UUID, invitation_id: UUID) -> Invitation:
        """Replace the invitation by one with a new link. Raise NotFound, TooManyAttempts or Stale."""
        with self.look() as stored:
            stored.teams.member(team_id, actor).require(TeamPermission.INVITE)
            email = self._found(stored.invitations.in_team(team_id, invitation_id)).email
        with self.limits.invitation(actor.id, email), self.transaction() as work:
            self._require(work, actor, team_id)  # locks the team: what is read now stays
            old = self._found(work.invitations.in_team(team_id, invitation_id))
            self._require(work, actor, team_id, old.role)
            invitation = self._send(work, actor, team_id, old.email, old.role)
            work.commit()
        return invitation

    def revoke(self, actor: UserActor, team_id: UUID, invitation_id: UUID) -> None:
        """Raise NotFound when there is no such invitation."""
        with self.transaction() as work:
            self._require(work, actor, team_id)
            invitation = self._found(work.invitations.in_team(team_id, invitation_id))
            self._require(work, actor, team_id, invitation.role)
            work.invitations.drop(team_id, invitation.email)
            self.events.record(work, Tag.INVITATION_REVOKED, actor.id, actor, team_id=team_id)
            work.commit()

    def show(self, token: str) -> Invitation:
        """The invitation of a token, which stays valid. Raise LinkGone."""
        with self.look() as stored:
            invitation = stored.invitations.find(hash_of(token), self.now())
        if invitation is None:
            raise LinkGone
        return invitation

    def accept(self, actor: SignedIn, token: str) -> tuple[Team, Membership]:
        """Make the actor a member. The token proves that the actor reads the mailbox.

        Raise NotWhileActing, LinkGone, OtherAddress, or AlreadyMember: then the invitation stays.
        """
        actor.require_self()
        now = self.now()
        with self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            invitation = work.invitations.find(hash_of(token), now)
            if invitation is None:
                raise LinkGone
            if invitation.email_key != user.email_key:
                raise OtherAddress
            team = work.teams.lock(invitation.team_id)
            if team is None or not work.invitations.consume(invitation.token_hash, now):
                raise LinkGone
            member = Membership(
                team_id=team.id, user_id=user.id, role=invitation.role, joined_at=now, username=user.username
            )
            work.teams.add_member(member)
            # Two addresses can have one key. The token proves only the address that it was sent to.
            if invitation.email == user.email:
                self._verify(work, user, actor)
            self.events.record(work, Tag.TEAM_JOINED, user.id, actor, detail=invitation.role, team_id=team.id)
            work.commit()
        return team, member

    def _require(self, work: UnitOfWork, actor: UserActor, team_id: UUID, *roles: TeamRole) -> None:
        work.teams.lock(team_id)
        work.teams.member(team_id, actor).require(TeamPermission.INVITE, *roles)

    def _found(self, invitation: Invitation | None) -> Invitation:
        if invitation is None:
            raise NotFound
        return invitation

    def _send(
        self, work: UnitOfWork, actor: UserActor, team_id: UUID, email: str, role: TeamRole
    ) -> Invitation:
        token, now = self.new_secret(), self.now()
        work.invitations.drop(team_id, email)
        purpose = Purpose.INVITATION
        new = Invitation(
            id=self.new_id(),
            team_id=team_id,
            email=email,
            role=role,
            token_hash=hash_of(token),
            invited_by_id=actor.id,
            created_at=now,
            expires_at=now + self.link_lifetimes.get(purpose, purpose.lifetime),
        )
        work.invitations.add(new)
        invitation = self._found(work.invitations.in_team(team_id, new.id))  # with the names
        self.mails.write_to_address(
            work,
            MailKind.INVITATION,
            email,
            team=invitation.team_name,
            inviter=invitation.invited_by,
            role=role,
            token=token,
        )
        self.events.record(work, Tag.INVITED, actor.id, actor, detail=role, team_id=team_id)
        return invitation

    def _verify(self, work: UnitOfWork, user: User, actor: SignedIn) -> None:
        if not user.email_verified:
            user.email_verified_at = self.now()
            work.users.save(user)
            self.events.record(work, Tag.EMAIL_VERIFIED, user.id, actor)
