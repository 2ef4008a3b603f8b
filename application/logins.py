"""Pending logins: the password was right, and the user has a second factor."""

from dataclasses import dataclass

from application.ports import Clock, Ids, Secrets, UnitOfWork
from domain.logins import MOST_PENDING_LOGINS, PENDING_LOGIN_LIFE, PendingLogin
from domain.secrets import hash_of
from domain.users import User


@dataclass(frozen=True, slots=True)
class Logins:
    now: Clock
    new_id: Ids
    new_secret: Secrets

    def begin(
        self, work: UnitOfWork, user: User, remember: bool, replacing: str | None
    ) -> tuple[PendingLogin, str] | None:
        """The login that waits for a code, and the secret for the cookie. None without a factor that is on.

        `replacing` is as in `Sessions.login`. Lock the user first.
        """
        factor = work.two_factor.get(user.id)
        if factor is None or not factor.on:
            return None
        secret, now = self.new_secret(), self.now()
        login = PendingLogin(
            id=self.new_id(),
            user_id=user.id,
            secret_hash=hash_of(secret),
            remembered=remember,
            created_at=now,
            expires_at=now + PENDING_LOGIN_LIFE,
        )
        if replacing is not None:
            work.sessions.end(hash_of(replacing))
            work.logins.end(hash_of(replacing), now)
        work.logins.end_oldest(user.id, MOST_PENDING_LOGINS - 1)
        work.logins.add(login)
        return login, secret
