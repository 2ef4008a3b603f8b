"""Logging in, being logged in, logging out."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NoReturn

from application.audit import Audit
from application.ports import Clock, Ids, Look, PasswordHasher, Secrets, Transaction, UnitOfWork
from domain.access import SignedIn
from domain.audit import Tag
from domain.errors import Invalid, Stale
from domain.passwords import normal_password
from domain.sessions import Client, Session, SessionLife, WrongCredentials, hash_of
from domain.users import EmailSyntax, User, normal_email


@dataclass(frozen=True, slots=True)
class Sessions:
    look: Look
    transaction: Transaction
    hasher: PasswordHasher
    syntax: EmailSyntax
    audit: Audit
    life: SessionLife
    now: Clock
    new_id: Ids
    new_secret: Secrets

    def login(
        self, unsafe_email: str, password: str, *, remember: bool, replacing: str | None, client: Client
    ) -> tuple[SignedIn, str]:
        """The signed-in user, and the secret that only they will ever hold.

        `replacing` is the secret of the session that the client had until now, if any: it ends.
        Raise WrongCredentials, for an unknown address too, after the same time.
        """
        password = normal_password(password)
        user = self._user_with(unsafe_email)
        right = self.hasher.verify(password, user.password_hash if user else None)
        if user is None or not right:
            self._failed(user, client)
        upgraded = self.hasher.hash(password) if self.hasher.outdated(user.password_hash) else None

        with self.transaction() as work:
            stored = work.users.get(user.id)
            if stored is None or stored.password_hash != user.password_hash:
                # Hashing took its time, and meanwhile the password was changed or the account left.
                raise WrongCredentials
            if upgraded:
                stored.password_hash = upgraded
                with suppress(Stale):  # another login upgraded it first
                    work.users.save(stored)
            session, secret = self.begin(work, stored, remember=remember, replacing=replacing, client=client)
            self.audit.note(work, Tag.LOGGED_IN, user.id, SignedIn(client, stored, session))
            work.commit()
        return SignedIn(client, stored, session), secret

    def begin(
        self, work: UnitOfWork, user: User, *, remember: bool, replacing: str | None, client: Client
    ) -> tuple[Session, str]:
        """Add a new session to `work`: a part of logging in and of registering."""
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
            expires_at=self.life.end(remember, now, now),
        )
        if replacing is not None:
            work.sessions.end(hash_of(replacing))
        work.sessions.add(session)
        return session, secret

    def authenticate(self, secret: str, client: Client) -> tuple[SignedIn, bool] | None:
        """Who holds this secret, and whether their session was just prolonged; None when it has ended or never was."""
        now = self.now()
        with self.look() as stored:
            found = stored.sessions.find(hash_of(secret), now)
        if found is None:
            return None
        session, user = found
        due = session.due(now)
        if due:
            end = self.life.end(session.remembered, session.created_at, now)
            session = replace(session, last_seen_at=now, expires_at=end, ip=client.ip)
            with self.transaction() as work:
                work.sessions.touch(session)
                work.commit()
        return SignedIn(client, user, session), due

    def logout(self, actor: SignedIn) -> None:
        with self.transaction() as work:
            if work.sessions.end(actor.session.secret_hash):
                self.audit.note(work, Tag.LOGGED_OUT, actor.id, actor)
            work.commit()

    def _user_with(self, unsafe_email: str) -> User | None:
        try:
            email = normal_email(unsafe_email, self.syntax)
        except Invalid:
            return None  # nobody has such an address, and it is answered like any other nobody has
        with self.look() as stored:
            return stored.users.by_email(email)

    def _failed(self, user: User | None, client: Client) -> NoReturn:
        with self.transaction() as work:
            self.audit.note(work, Tag.LOGIN_FAILED, user.id if user else None, client)
            work.commit()
        raise WrongCredentials
