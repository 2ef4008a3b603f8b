"""Logging in, being logged in, logging out."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NoReturn
from uuid import UUID

from application.attempts import Attempts
from application.audit import Audit
from application.outbox import Letters
from application.ports import Clock, Ids, Look, PasswordHasher, Secrets, Transaction, UnitOfWork
from domain.access import SignedIn
from domain.audit import Tag
from domain.errors import Invalid, NotFound, Stale, Unavailable
from domain.mail import Letter
from domain.passwords import normal_password
from domain.sessions import Client, Session, SessionLife, WrongCredentials, device_of, hash_of
from domain.users import EmailSyntax, User, normal_email


@dataclass(frozen=True, slots=True)
class Sessions:
    look: Look
    transaction: Transaction
    hasher: PasswordHasher
    syntax: EmailSyntax
    attempts: Attempts
    letters: Letters
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
        Raise WrongCredentials, for an unknown address too, after the same time, or TooManyAttempts.
        """
        password = normal_password(password)
        email = self._normal(unsafe_email)
        self.attempts.password(email or unsafe_email, client)
        user = self._user_with(email)
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
            self._tell_of_a_new_device(work, stored, client)
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
        """Who holds this secret, and whether their session was just prolonged.

        None when it has ended or never was.
        """
        now = self.now()
        with self.look() as stored:
            found = stored.sessions.find(hash_of(secret), now)
        if found is None:
            return None
        session, user = found
        due = session.due(now, self.life)
        if due:
            end = self.life.end(session.remembered, session.created_at, now)
            session = replace(session, last_seen_at=now, expires_at=end, ip=client.ip)
            # A store that can be read and not written now does not end anybody's session.
            with suppress(Unavailable), self.transaction() as work:
                work.sessions.touch(session)
                work.commit()
        return SignedIn(client, user, session), due

    def logout(self, actor: SignedIn) -> None:
        with self.transaction() as work:
            if work.sessions.end(actor.session.secret_hash):
                self.audit.note(work, Tag.LOGGED_OUT, actor.id, actor)
            work.commit()

    def of(self, actor: SignedIn) -> list[Session]:
        """The actor's sessions, the last seen first."""
        with self.look() as stored:
            return stored.sessions.of(actor.id, self.now())

    def end(self, actor: SignedIn, session_id: UUID) -> None:
        """Raise NotFound unless it is one of the actor's."""
        with self.transaction() as work:
            if not work.sessions.end_of(actor.id, session_id):
                raise NotFound
            self.audit.note(work, Tag.SESSION_ENDED, actor.id, actor)
            work.commit()

    def end_others(self, actor: SignedIn) -> None:
        with self.transaction() as work:
            if work.sessions.end_all(actor.id, but=actor.session.id):
                self.audit.note(work, Tag.SESSIONS_ENDED, actor.id, actor)
            work.commit()

    def _normal(self, unsafe_email: str) -> str | None:
        try:
            return normal_email(unsafe_email, self.syntax)
        except Invalid:
            return None  # nobody has such an address, and it is answered like any other that nobody has

    def _user_with(self, email: str | None) -> User | None:
        if email is None:
            return None
        with self.look() as stored:
            return stored.users.by_email(email)

    def _tell_of_a_new_device(self, work: UnitOfWork, user: User, client: Client) -> None:
        known = {device_of(user_agent) for user_agent in work.events.user_agents(user.id)}
        # Nothing is new to whom we know nothing of: who came over with the seed's users, say.
        if known and device_of(client.user_agent) not in known:
            self.letters.write(
                work,
                Letter.NEW_DEVICE,
                user,
                user.email,
                device=device_of(client.user_agent),
                ip=client.ip,
            )

    def _failed(self, user: User | None, client: Client) -> NoReturn:
        with self.transaction() as work:
            self.audit.note(work, Tag.LOGIN_FAILED, user.id if user else None, client)
            work.commit()
        raise WrongCredentials
