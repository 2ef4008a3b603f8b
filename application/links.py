"""Making a single-use link and the mail that carries it; taking it back once."""

from dataclasses import dataclass

from application.outbox import Letters
from application.ports import Clock, Ids, Secrets, UnitOfWork
from domain.links import Link, LinkGone, LinkLife, Purpose
from domain.mail import Letter
from domain.sessions import hash_of
from domain.users import User

LETTERS = {Purpose.VERIFY_EMAIL: Letter.VERIFY_EMAIL, Purpose.RESET_PASSWORD: Letter.RESET_PASSWORD}


@dataclass(frozen=True, slots=True)
class Links:
    letters: Letters
    life: LinkLife
    now: Clock
    new_id: Ids
    new_secret: Secrets

    def send(
        self, work: UnitOfWork, purpose: Purpose, user: User | None, email: str, *, first: bool = False
    ) -> None:
        """Write a link and its mail; an older one for the same purpose is good no longer.

        `first`: there can be no older one. Raise Stale when another was written at the same time.

        With None, for nobody's address, as much is written as for somebody's: a link to no account, and a
        mail that counts as delivered.
        """
        token, now = self.new_secret(), self.now()
        user_id = user.id if user else self.new_id()
        if not first:
            work.links.drop(user_id, purpose)
        work.links.add(
            Link(
                id=self.new_id(),
                user_id=user_id,
                purpose=purpose,
                token_hash=hash_of(token),
                email=email,
                created_at=now,
                expires_at=now + self.life.of(purpose),
            )
        )
        if user is not None:
            self.letters.write(work, LETTERS[purpose], user, email, token=token)
        else:
            self.letters.pretend(work, LETTERS[purpose])

    def consume(self, work: UnitOfWork, purpose: Purpose, token: str) -> Link:
        """Raise LinkGone unless it is good, and this is the first to use it."""
        link = work.links.find(purpose, hash_of(token), self.now())
        if link is None or not work.links.consume(purpose, link.token_hash, self.now()):
            raise LinkGone
        return link
