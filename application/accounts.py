"""Having an account: from registering to leaving."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from application.attempts import Attempts
from application.audit import Audit
from application.confirmation import Confirmation
from application.links import Links
from application.ports import (
    LARGEST_PAGE,
    Clock,
    Ids,
    Look,
    Page,
    PasswordHasher,
    Transaction,
    UnitOfWork,
    page_size,
)
from application.sessions import Sessions
from domain.access import Actor, LastAdmin, Permission, SignedIn
from domain.audit import Event, Tag
from domain.errors import NotFound, Problems
from domain.links import Link, Purpose
from domain.mail import Mail
from domain.passwords import PasswordStrength, acceptable_password
from domain.sessions import Client, Session
from domain.teams import Membership, Team, TeamRole, personal_team_name
from domain.users import EmailSyntax, Role, User, acceptable_username, normal_email

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Everything:
    """What is stored about somebody."""

    user: User
    sessions: list[Session]
    teams: list[tuple[Team, Membership]]
    events: list[Event]
    links: list[Link]
    mails: list[Mail]


@dataclass(frozen=True, slots=True)
class Accounts:
    look: Look
    transaction: Transaction
    confirmation: Confirmation
    sessions: Sessions
    links: Links
    attempts: Attempts
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

        Raise TooManyAttempts, Invalid, EmailTaken or UsernameTaken.
        """
        self.attempts.registration(client)
        user = self._new_user(unsafe_username, unsafe_email, password)
        # Who was mailed too often can register, and ask for the link later.
        may_send = self.attempts.may_mail(user.email)
        with self.transaction() as work:
            self._add(work, user)
            if may_send:
                self.links.send(work, Purpose.VERIFY_EMAIL, user, user.email, first=True)
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

    def rename(self, actor: SignedIn, unsafe_username: str) -> User:
        """Raise Invalid or UsernameTaken."""
        username = acceptable_username(unsafe_username)
        with self.transaction() as work:
            user = self._stored(work, actor)
            user.username = username
            work.users.save(user)
            self.audit.note(work, Tag.USERNAME_CHANGED, user.id, actor)
            work.commit()
        return user

    def events(self, actor: SignedIn, after: UUID | None, limit: int) -> Page[Event]:
        """The actor's own security history, the newest first; `limit` is cut to 1 to 100."""
        with self.look() as stored:
            return stored.events.about(actor.id, after, page_size(limit))

    def export(self, actor: SignedIn) -> Everything:
        """All that is stored about the actor."""
        with self.transaction() as work:
            user = self._stored(work, actor)
            found = Everything(
                user=user,
                sessions=work.sessions.of(user.id, self.now()),
                teams=work.teams.of(user.id),
                events=self._all(lambda after: work.events.about(user.id, after, LARGEST_PAGE)),
                links=work.links.of(user.id),
                mails=work.outbox.to(user.id),
            )
            self.audit.note(work, Tag.EXPORTED, user.id, actor)
            work.commit()
        return found

    def delete(self, actor: SignedIn, current_password: str) -> None:
        """The account goes, with its sessions, links, mail and personal team, and from the audit log
        goes where things were done from. Raise WrongPassword, or LastAdmin when nobody would be in charge.
        """
        self.confirmation.require(actor, current_password)
        with self.transaction() as work:
            if work.users.holders(Role.ADMIN) == {actor.id}:
                raise LastAdmin
            user = self._stored(work, actor)
            work.links.drop(user.id)
            work.outbox.drop(user.id)
            work.teams.delete_personal(user.id)
            work.users.delete(user.id)
            self.audit.note(work, Tag.DELETED, user.id, actor)
            work.events.forget(user.id)
            work.commit()

    def _stored(self, work: UnitOfWork, actor: SignedIn) -> User:
        user = work.users.get(actor.id)
        if user is None:
            raise NotFound
        return user

    def _all(self, page_after: Callable[[UUID | None], Page[T]]) -> list[T]:
        page = page_after(None)
        found = page.items
        while page.next is not None:
            page = page_after(page.next)
            found = found + page.items
        return found

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
