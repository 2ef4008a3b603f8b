"""Single-use links: making a link with its mail, and using it once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from application.mails import Mails
from application.ports import Clock, Ids, Secrets, UnitOfWork
from domain.links import Link, LinkGone, Purpose
from domain.secrets import hash_of
from domain.sessions import Client
from domain.users import User


@dataclass(frozen=True, slots=True)
class Links:
    mails: Mails
    link_lifetimes: Mapping[Purpose, timedelta]
    now: Clock
    new_id: Ids
    new_secret: Secrets

    def send(
        self,
        work: UnitOfWork,
        purpose: Purpose,
        user: User | None,
        email: str,
        *,
        first: bool = False,
        client: Client | None = None,
    ) -> None:
        """Add a link and its mail to `work`. The link replaces the user's older one for this purpose.

        `first` says that there is no older one. Raise Stale when another request has just added one.
        Without a user, a link to no account and a delivered mail are added: that takes the same time.
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
                expires_at=now + self.link_lifetimes.get(purpose, purpose.lifetime),
            )
        )
        if user is not None:
            self.mails.write(work, purpose.mail, user, email, client, token=token)
        else:
            self.mails.pretend(work, purpose.mail)

    def find(self, work: UnitOfWork, purpose: Purpose, token: str) -> Link:
        """Raise LinkGone when the link is unknown, used, expired or replaced."""
        link = work.links.find(purpose, hash_of(token), self.now())
        if link is None:
            raise LinkGone
        return link

    def consume(self, work: UnitOfWork, purpose: Purpose, token: str) -> Link:
        """Delete the link and return it. Raise LinkGone when it is unknown, used, expired or replaced."""
        link = self.find(work, purpose, token)
        if not work.links.consume(purpose, link.token_hash, self.now()):
            raise LinkGone
        return link
