"""Sessions: login, authentication of a request, logout."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn
from uuid import UUID

from application.events import Events
from application.limits import Limits
from application.logins import Logins
from application.mails import Mails
from application.ports import Clock, Ids, Look, PasswordHasher, Secrets, Transaction, UnitOfWork
from domain.access import SignedIn
from domain.devices import Device
from domain.errors import Invalid, NotFound, Unavailable
from domain.events import Tag
from domain.logins import PendingLogin
from domain.mails import MailKind
from domain.paging import Page, page_size
from domain.passwords import normal_password
from domain.secrets import hash_of
from domain.sessions import MOST_SESSIONS, AccountDisabled, Client, Session, SessionLife, WrongCredentials
from domain.users import EmailSyntax, User, normal_email

# The account may change while the hash is computed. Then the login is tried again.
MOST_ATTEMPTS = 3

# A login ends at most this many sessions beyond the limit, so that its transaction stays short.
END_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Sessions:
    look: Look
    transaction: Transaction
    hasher: PasswordHasher
    syntax: EmailSyntax
    limits: Limits
    logins: Logins
    mails: Mails
    events: Events
    session_life: SessionLife
    now: Clock
    new_id: Ids
    new_secret: Secrets

    def login(
        self, unsafe_email: str, password: str, *, remember: bool, replacing: str | None, client: Client
    ) -> tuple[SignedIn | PendingLogin, str]:
        """The signed-in user, and the secret for the cookie. A login that waits for a code is pending.

        `replacing` is the secret of the client's old session, which ends. Raise WrongCredentials or
        TooManyAttempts. An unknown address takes the same time as a wrong password.
        """
        password = normal_password(password)
        email = self._normal(unsafe_email)
        for _ in range(MOST_ATTEMPTS):
            user = self._user_with(email)
            verify = partial(self.hasher.verify, password, user.password_hash if user else None)
            right = self.limits.guess(email or unsafe_email, client, verify)
            if user is None or not right:
                self._failed(user, client)
            upgraded = self.hasher.hash(password) if self.hasher.outdated(user.password_hash) else None
            with self.transaction() as work:
                stored = work.users.lock(user.id)
                if stored is None or stored.password_hash != user.password_hash:
                    continue  # another request has changed the password or upgraded its hash
                if stored.disabled:
                    self.events.record(work, Tag.LOGIN_REFUSED, user.id, client)
                    work.commit()
                    raise AccountDisabled
                if upgraded:
                    stored.password_hash = upgraded
                    work.users.save(stored)
                pending = self.logins.begin(work, stored, remember, replacing)
                found = pending or self.open(
                    work, stored, remember=remember, replacing=replacing, client=client
                )
                work.commit()
            return found
        raise WrongCredentials

    def open(
        self, work: UnitOfWork, user: User, *, remember: bool, replacing: str | None, client: Client
    ) -> tuple[SignedIn, str]:
        """The last step of every login: a session, its device and its event. Lock the user first."""
        session, secret = self.begin(work, user, remember=remember, replacing=replacing, client=client)
        actor = SignedIn(client, user, session)
        self._recognise(work, user, session)
        self.events.record(work, Tag.LOGGED_IN, user.id, actor)
        return actor, secret

    def begin(
        self,
        work: UnitOfWork,
        user: User,
        *,
        remember: bool,
        replacing: str | None,
        client: Client,
        first: bool = False,
    ) -> tuple[Session, str]:
        """Add a new session to `work`. `first` says that the user has no other session.

        Lock the user before, unless the user is new: two logins at the same time could exceed MOST_SESSIONS.
        """
        secret, now = self.new_secret(), self.now()
        session = Session(
            id=self.new_id(),
            user_id=user.id,
            secret_hash=hash_of(secret),
            remembered=remember,
            ip=client.ip,
            user_agent=client.user_agent,
            created_at=now,
            last_seen_at=now,
            expires_at=self.session_life.end(remember, now, now),
        )
        if replacing is not None:
            work.sessions.end(hash_of(replacing))
        if not first:  # before the new session is added: after a clock was set back it could be the oldest
            work.sessions.end_oldest(user.id, MOST_SESSIONS - 1, END_BATCH)
        work.sessions.add(session)
        return session, secret

    def authenticate(self, secret: str, client: Client) -> tuple[SignedIn, bool] | None:
        """The signed-in user of the session with this secret, and whether its end has moved.

        None when the session has ended or never existed.
        """
        now = self.now()
        with self.look() as stored:
            found = stored.sessions.find(hash_of(secret), now)
        if found is None:
            return None
        session, user = found
        due = session.due(now, self.session_life)
        if due:
            end = self.session_life.end(session.remembered, session.created_at, now)
            session = replace(session, last_seen_at=now, expires_at=end, ip=client.ip)
            # While the database is read-only, users stay logged in.
            with suppress(Unavailable), self.transaction() as work:
                work.sessions.touch(session)
                work.commit()
        return SignedIn(client, user, session), due

    def logout(self, actor: SignedIn) -> None:
        with self.transaction() as work:
            if work.sessions.end(actor.session.secret_hash):
                self.events.record(work, Tag.LOGGED_OUT, actor.person_id, actor)
            work.commit()

    def of(self, actor: SignedIn, after: UUID | None, limit: int) -> Page[Session]:
        """The actor's sessions, newest first. At most 100."""
        with self.look() as stored:
            return stored.sessions.of(actor.id, self.now(), after, page_size(limit))

    def end(self, actor: SignedIn, session_id: UUID) -> None:
        """Raise NotFound when the actor has no session with this id."""
        with self.transaction() as work:
            if not work.sessions.end_of(actor.id, session_id):
                raise NotFound
            self.events.record(work, Tag.SESSION_ENDED, actor.id, actor)
            work.commit()

    def end_others(self, actor: SignedIn) -> None:
        with self.transaction() as work:
            work.logins.forget(actor.id)
            if work.sessions.end_others(actor.id, actor.session.id):
                self.events.record(work, Tag.SESSIONS_ENDED, actor.id, actor)
            work.commit()

    def _normal(self, unsafe_email: str) -> str | None:
        try:
            return normal_email(unsafe_email, self.syntax)
        except Invalid:
            return None  # gets the same answer as an address without an account

    def _user_with(self, email: str | None) -> User | None:
        if email is None:
            return None
        with self.look() as stored:
            return stored.users.by_email(email)

    def _recognise(self, work: UnitOfWork, user: User, session: Session) -> None:
        """Store the session's device when it is new, and send a mail to the user."""
        known, name = work.devices.of(user.id), session.device
        if name in known:
            return
        work.devices.add(Device(user_id=user.id, name=name, first_seen_at=session.created_at))
        # The first device of a user sends no mail: an imported user has none before the first login.
        if known:
            self.mails.write(work, MailKind.NEW_DEVICE, user, user.email, device=name, ip=session.ip)

    def _failed(self, user: User | None, client: Client) -> NoReturn:
        with self.transaction() as work:
            self.events.record(work, Tag.LOGIN_FAILED, user.id if user else None, client)
            work.commit()
        raise WrongCredentials
