"""Having an account: to register, to change one's address."""

from dataclasses import dataclass

from application.audit import Audit
from application.ports import Clock, Ids, PasswordHasher, Transaction, UnitOfWork
from application.sessions import Sessions
from domain.access import Actor, Permission, SignedIn
from domain.audit import Tag
from domain.errors import NotFound, Problems
from domain.passwords import PasswordStrength, WrongPassword, acceptable_password, normal_password
from domain.sessions import Client
from domain.teams import Membership, Team, TeamRole, personal_team_name
from domain.users import EmailSyntax, Role, User, acceptable_username, normal_email


@dataclass(frozen=True, slots=True)
class Accounts:
    transaction: Transaction
    sessions: Sessions
    hasher: PasswordHasher
    strength: PasswordStrength
    syntax: EmailSyntax
    audit: Audit
    now: Clock
    new_id: Ids

    def register(
        self,
        unsafe_username: str,
        unsafe_email: str,
        password: str,
        *,
        replacing: str | None,
        client: Client,
    ) -> tuple[SignedIn, str]:
        """A new user, logged in, and the secret of their session (`replacing` as at login).

        Raise Invalid, EmailTaken or UsernameTaken.
        """
        user = self._new_user(unsafe_username, unsafe_email, password)
        with self.transaction() as work:
            self._add(work, user)
            session, secret = self.sessions.begin(
                work, user, remember=False, replacing=replacing, client=client
            )
            actor = SignedIn(client, user, session)
            self.audit.note(work, Tag.REGISTERED, user.id, actor)
            work.commit()
        return actor, secret

    def create(
        self,
        actor: Actor,
        unsafe_username: str,
        unsafe_email: str,
        password: str,
        roles: frozenset[Role] = frozenset(),
    ) -> User:
        """An account for somebody else. Raise Invalid, EmailTaken or UsernameTaken."""
        actor.require(Permission.CREATE_USERS)
        if roles:
            actor.require(Permission.CHANGE_ROLES)
        user = self._new_user(unsafe_username, unsafe_email, password)
        with self.transaction() as work:
            self._add(work, user)
            self.audit.note(work, Tag.REGISTERED, user.id, actor)
            for role in roles:
                work.users.grant(user.id, role)
                self.audit.note(work, Tag.ROLE_GRANTED, user.id, actor, detail=role)
            work.commit()
        user.roles = roles
        return user

    def change_email(self, actor: SignedIn, unsafe_email: str, current_password: str) -> User:
        """Raise WrongPassword, Invalid or EmailTaken."""
        if not self.hasher.verify(normal_password(current_password), actor.user.password_hash):
            raise WrongPassword
        email = normal_email(unsafe_email, self.syntax)
        with self.transaction() as work:
            user = work.users.get(actor.id)
            if user is None:
                raise NotFound
            user.email, user.email_verified_at = email, None
            work.users.save(user)
            self.audit.note(work, Tag.EMAIL_CHANGED, user.id, actor)
            work.commit()
        return user

    def _new_user(self, unsafe_username: str, unsafe_email: str, password: str) -> User:
        problems = Problems()
        with problems:
            username = acceptable_username(unsafe_username)
        with problems:
            email = normal_email(unsafe_email, self.syntax)
        with problems:
            password = acceptable_password(password, [unsafe_username, unsafe_email], self.strength)
        problems.raise_any()
        return User(
            id=self.new_id(),
            username=username,
            email=email,
            # Slow on purpose: done before a connection is held.
            password_hash=self.hasher.hash(password),
            created_at=self.now(),
        )

    def _add(self, work: UnitOfWork, user: User) -> None:
        work.users.add(user)
        team = Team(
            id=self.new_id(),
            name=personal_team_name(user.username),
            personal=True,
            created_at=user.created_at,
        )
        work.teams.add(team)
        work.teams.add_member(
            Membership(team_id=team.id, user_id=user.id, role=TeamRole.OWNER, joined_at=user.created_at)
        )
