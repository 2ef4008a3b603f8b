"""Accounts: registration, renaming, export, deletion."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from application.events import Events
from application.limits import Limits
from application.links import Links
from application.mails import Mails
from application.ports import Clock, Ids, Look, PasswordHasher, Transaction, UnitOfWork, personal_stores
from application.reauthentication import Reauthentication
from application.sessions import Sessions
from domain.access import Actor, LastAdmin, Permission, SignedIn, TeamRole
from domain.devices import Device
from domain.errors import FieldErrors
from domain.events import Tag
from domain.links import Purpose
from domain.mails import MailKind
from domain.passwords import PasswordStrength, acceptable_password
from domain.sessions import Client
from domain.teams import LastOwner, Membership, Team, personal_team_name
from domain.tokens import TokenActor
from domain.users import EmailSyntax, EmailTaken, Role, User, UsernameTaken, acceptable_username, normal_email

# A deletion blanks this many events in a transaction. Other units of work wait meanwhile, and 200,000 events
# take longer than the time limit of a statement.
FORGET_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Accounts:
    look: Look
    transaction: Transaction
    reauthentication: Reauthentication
    sessions: Sessions
    links: Links
    mails: Mails
    limits: Limits
    hasher: PasswordHasher
    strength: PasswordStrength
    syntax: EmailSyntax
    events: Events
    now: Clock
    new_id: Ids

    def register(
        self, unsafe_username: str, unsafe_email: str, password: str, *, replacing: str | None, client: Client
    ) -> tuple[SignedIn, str]:
        """The new user, logged in, and the secret for the cookie. `replacing` is as in `Sessions.login`.

        Raise TooManyAttempts, Invalid, EmailTaken or UsernameTaken.
        """
        self.limits.registration(client)
        user = self._new_user(unsafe_username, unsafe_email, password)
        # When the address has had too many mails, the user is registered and can request the link later.
        mail = self.limits.try_mail(user.email)
        with self._both_conflicts(user), mail as allowed, self.transaction() as work:
            self._add(work, user)
            if allowed:
                self.links.send(work, Purpose.VERIFY_EMAIL, user, user.email, first=True)
            session, secret = self.sessions.begin(
                work, user, remember=False, replacing=replacing, client=client, first=True
            )
            work.devices.add(Device(user_id=user.id, name=session.device, first_seen_at=user.created_at))
            actor = SignedIn(client, user, session)
            self.events.record(work, Tag.REGISTERED, user.id, actor)
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
        """A user that the actor creates for another person. Raise Invalid, EmailTaken or UsernameTaken."""
        actor.require(Permission.CREATE_USERS)
        if roles:
            actor.require(Permission.CHANGE_ROLES)
        user = self._new_user(unsafe_username, unsafe_email, password)
        with self.transaction() as work:
            self._add(work, user)
            self.events.record(work, Tag.REGISTERED, user.id, actor)
            for role in roles:
                work.users.grant(user.id, role)
                self.events.record(work, Tag.ROLE_GRANTED, user.id, actor, detail=role)
            work.commit()
        user.roles = roles
        return user

    def rename(self, actor: SignedIn | TokenActor, unsafe_username: str) -> User:
        """Change the username and send a mail to the user.

        Raise Invalid, TooManyAttempts, UsernameTaken or NotLoggedIn.
        """
        username = acceptable_username(unsafe_username)
        with self.limits.rename(actor.id), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            user.username = username
            work.users.save(user)
            self.mails.write(work, MailKind.USERNAME_CHANGED, user, user.email, actor.own_client)
            self.events.record(work, Tag.USERNAME_CHANGED, user.id, actor)
            work.commit()
        return user

    def export(self, actor: SignedIn) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        """All personal data of the actor: each word with its rows. Rows are read when the caller needs them.

        Each page is a read of its own, so a long export does not keep a connection.
        """
        actor.require_self()
        with self.limits.export(actor.id), self.transaction() as work:
            self.reauthentication.still(work, actor)
            self.events.record(work, Tag.EXPORTED, actor.id, actor)
            work.commit()
        with self.look() as stored:
            words = list(personal_stores(stored))
        for word in words:
            yield word, self._exported(actor, word)

    def delete(self, actor: SignedIn, current_password: str) -> None:
        """Delete the account and its personal data. Events stay, without address and user agent.

        Teams without another member are deleted, too. Raise WrongPassword, TooManyAttempts, NotLoggedIn,
        LastAdmin for the only administrator, or LastOwner for the only owner of a team of several members.
        """
        self.reauthentication.require(actor, current_password)
        more = True
        while more:
            with self.transaction() as work:
                admins = work.users.holders(Role.ADMIN)  # before the user, as in Administration: no deadlock
                user = self.reauthentication.still(work, actor)
                if admins == {user.id}:
                    raise LastAdmin
                self._require_other_owners(work, user)
                more = work.events.forget_some(user.id, FORGET_BATCH)
                if not more:
                    self._forget(work, user, actor)
                work.commit()

    def _exported(self, actor: SignedIn, word: str) -> Iterator[dict[str, Any]]:
        after, more = None, True
        while more:
            with self.look() as stored:
                page = personal_stores(stored)[word].exported(actor.id, after)
            yield from page.items
            after, more = page.next, page.next is not None

    def _require_other_owners(self, work: UnitOfWork, user: User) -> None:
        # All units of work lock teams in this order, so two deletions cannot deadlock.
        locked = [team for team, _ in work.teams.of(user.id) if work.teams.lock(team.id)]
        left = [
            team.name
            for team in locked
            if work.teams.owners(team.id) == {user.id} and len(work.teams.members(team.id, None, 2).items) > 1
        ]
        if left:
            raise LastOwner(left)

    def _forget(self, work: UnitOfWork, user: User, actor: SignedIn) -> None:
        self.events.record(work, Tag.DELETED, user.id, actor)
        for store in reversed(personal_stores(work).values()):
            store.forget(user.id)
        self.mails.write_last(work, MailKind.ACCOUNT_DELETED, user)

    def _new_user(self, unsafe_username: str, unsafe_email: str, password: str) -> User:
        field_errors = FieldErrors()
        with field_errors:
            username = acceptable_username(unsafe_username)
        with field_errors:
            email = normal_email(unsafe_email, self.syntax)
        with field_errors:
            password = acceptable_password(password, [unsafe_username, unsafe_email], self.strength)
        field_errors.raise_any()
        return User(
            id=self.new_id(),
            username=username,
            email=email,
            # Slow on purpose, so it comes before the transaction.
            password_hash=self.hasher.hash(password),
            created_at=self.now(),
        )

    @contextmanager
    def _both_conflicts(self, user: User) -> Iterator[None]:
        """Adds UsernameTaken to the message of EmailTaken. Its own unit of work is never committed."""
        try:
            yield
        except EmailTaken as error:
            try:
                with self.transaction() as work:
                    work.users.add(replace(user, email=f"{user.id}@address.invalid"))
            except UsernameTaken as another:
                error.message = f"{error.message} {another.message}"
            raise

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
