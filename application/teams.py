"""Teams: creation, names, members and their roles, deletion."""

from dataclasses import dataclass
from uuid import UUID

from application.events import Events
from application.limits import Limits
from application.mails import Mails
from application.ports import Clock, Ids, Look, Sanitizer, Transaction, UnitOfWork
from domain.access import SignedIn, TeamPermission, TeamRole, UserActor
from domain.errors import NotFound
from domain.events import Tag
from domain.mails import MailKind
from domain.paging import LARGEST_PAGE, Page, page_size
from domain.teams import FirstSteps, LastOwner, Membership, Team, acceptable_team_name, personal_team_name


@dataclass(frozen=True, slots=True)
class Teams:
    """All use cases of one team raise NotFound for an outsider, and PermissionDenied for a low role."""

    look: Look
    transaction: Transaction
    sanitizer: Sanitizer
    limits: Limits
    mails: Mails
    events: Events
    now: Clock
    new_id: Ids

    def mine(self, actor: UserActor) -> list[tuple[Team, Membership]]:
        """The teams of the actor, oldest first."""
        with self.look() as stored:
            return stored.teams.of(actor.id)

    def first_steps(self, actor: UserActor, teams: list[tuple[Team, Membership]]) -> FirstSteps:
        """What the actor has done already. `teams` are all teams of the actor.

        A second team counts as an invitation.
        """
        named = all(team.name != personal_team_name(actor.user.username) for team, _ in teams)
        return FirstSteps(actor.user.email_verified, named, len(teams) != 1 or self._invited(teams[0][0]))

    def _invited(self, team: Team) -> bool:
        with self.look() as stored:
            if len(stored.teams.members(team.id, None, 2).items) > 1:
                return True
            return bool(stored.invitations.of(team.id, self.now(), None, 1).items)

    def show(self, actor: UserActor, team_id: UUID) -> tuple[Team, Membership]:
        with self.look() as stored:
            member = stored.teams.member(team_id, actor)
            member.require(TeamPermission.SEE)
            team = stored.teams.get(team_id)
        if team is None:
            raise NotFound
        return team, member

    def create(self, actor: UserActor, unsafe_name: str) -> tuple[Team, Membership]:
        """A team with the actor as its owner. Raise Invalid or TooManyAttempts."""
        now, name = self.now(), acceptable_team_name(unsafe_name, self.sanitizer.plain)
        team = Team(id=self.new_id(), name=name, personal=False, created_at=now)
        owner = Membership(
            team_id=team.id,
            user_id=actor.id,
            role=TeamRole.OWNER,
            joined_at=now,
            username=actor.user.username,
        )
        with self.limits.new_team(actor.id), self.transaction() as work:
            work.teams.add(team)
            work.teams.add_member(owner)
            self.events.record(work, Tag.TEAM_CREATED, actor.id, actor, team_id=team.id)
            work.commit()
        return team, owner

    def rename(self, actor: UserActor, team_id: UUID, unsafe_name: str) -> tuple[Team, Membership]:
        """Raise Invalid, TooManyAttempts or Stale."""
        with self.limits.rename_team(actor.id), self.transaction() as work:
            team, member = self._locked(work, actor, team_id)
            member.require(TeamPermission.RENAME)
            team.name = acceptable_team_name(unsafe_name, self.sanitizer.plain)
            work.teams.save(team)
            self.events.record(work, Tag.TEAM_RENAMED, actor.id, actor, team_id=team.id)
            work.commit()
        return team, member

    def members(self, actor: UserActor, team_id: UUID, after: UUID | None, limit: int) -> Page[Membership]:
        """A page of members, oldest account first. At most 100."""
        with self.look() as stored:
            stored.teams.member(team_id, actor).require(TeamPermission.SEE)
            return stored.teams.members(team_id, after, page_size(limit))

    def count_members(self, actor: UserActor, team_id: UUID) -> int:
        """At most MOST_COUNTED + 1."""
        with self.look() as stored:
            stored.teams.member(team_id, actor).require(TeamPermission.SEE)
            return stored.teams.count_members(team_id)

    def change_role(self, actor: UserActor, team_id: UUID, user_id: UUID, role: TeamRole) -> Membership:
        """The member with the new role. An actor cannot give or take a role higher than its own.

        Raise NotFound for a user outside the team, or LastOwner.
        """
        with self.transaction() as work:
            team, member = self._locked(work, actor, team_id)
            member.require(TeamPermission.MANAGE_MEMBERS)
            changed = self._other(work, team_id, user_id)
            member.require(TeamPermission.MANAGE_MEMBERS, changed.role, role)
            if role != changed.role:
                self._require_another_owner(work, team, user_id)
                work.teams.change_role(team_id, user_id, role)
                work.invitations.drop_by(user_id, team_id)
                changed.role = role
                self.events.record(work, Tag.TEAM_ROLE_CHANGED, user_id, actor, detail=role, team_id=team_id)
            work.commit()
        return changed

    def remove(self, actor: UserActor, team_id: UUID, user_id: UUID) -> None:
        """Remove a member. Every member may leave, except the only owner.

        Raise NotFound for a user outside the team, or LastOwner.
        """
        with self.transaction() as work:
            leaves = user_id == actor.id
            team = work.teams.lock(team_id)
            if team is None:
                raise NotFound
            if leaves:
                self._other(work, team_id, user_id)  # a member that is barred may leave, too
            else:
                member = work.teams.member(team_id, actor)
                member.require(TeamPermission.MANAGE_MEMBERS)
                removed = self._other(work, team_id, user_id)
                member.require(TeamPermission.MANAGE_MEMBERS, removed.role)
            self._require_another_owner(work, team, user_id)
            work.teams.remove_member(team_id, user_id)
            work.invitations.drop_by(user_id, team_id)
            tag = Tag.TEAM_LEFT if leaves else Tag.MEMBER_REMOVED
            self.events.record(work, tag, user_id, actor, team_id=team_id)
            work.commit()

    def delete(self, actor: SignedIn, team_id: UUID) -> None:
        """Delete the team and send a mail to each other member."""
        actor.require_self()
        with self.transaction() as work:
            team, member = self._locked(work, actor, team_id)
            member.require(TeamPermission.DELETE)
            after, more = None, True
            while more:
                page = work.teams.members(team_id, after, LARGEST_PAGE)
                for other in page.items:
                    user = work.users.get(other.user_id)
                    if user is not None and user.id != actor.id:
                        self.mails.write(work, MailKind.TEAM_DELETED, user, user.email, team=team.name)
                after, more = page.next, page.next is not None
            work.teams.delete(team_id)
            self.events.record(work, Tag.TEAM_DELETED, actor.id, actor, team_id=team_id)
            work.commit()

    def _locked(self, work: UnitOfWork, actor: UserActor, team_id: UUID) -> tuple[Team, Membership]:
        """The locked team, and the actor as its member. So changes of members and roles run one by one."""
        team = work.teams.lock(team_id)
        member = work.teams.member(team_id, actor)
        if team is None:
            raise NotFound
        return team, member

    def _other(self, work: UnitOfWork, team_id: UUID, user_id: UUID) -> Membership:
        found = work.teams.membership(team_id, user_id)
        if found is None:
            raise NotFound
        return found

    def _require_another_owner(self, work: UnitOfWork, team: Team, user_id: UUID) -> None:
        if work.teams.owners(team.id) == {user_id}:
            raise LastOwner([team.name])
