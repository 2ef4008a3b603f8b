"""API tokens: creation, authentication of a request, revocation."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from application.events import Events
from application.limits import Limits
from application.mails import Mails
from application.ports import Clock, Ids, Look, Secrets, Transaction
from application.reauthentication import Reauthentication
from domain.access import SignedIn
from domain.errors import FieldErrors, NotFound, Unavailable
from domain.events import Tag
from domain.mails import MailKind
from domain.paging import Page, page_size
from domain.secrets import hash_of
from domain.sessions import Client
from domain.tokens import (
    MOST_TOKENS,
    Scope,
    Token,
    TokenActor,
    TokenGone,
    TooManyTokens,
    acceptable_expiry,
    acceptable_token_name,
    token_of,
    well_formed,
)


@dataclass(frozen=True, slots=True)
class Tokens:
    look: Look
    transaction: Transaction
    reauthentication: Reauthentication
    limits: Limits
    mails: Mails
    events: Events
    now: Clock
    new_id: Ids
    new_secret: Secrets

    def authenticate(self, unsafe_token: str, client: Client) -> TokenActor:
        """The actor of a token. Its use is stored about once a minute. Raise TokenGone."""
        if not well_formed(unsafe_token):
            raise TokenGone
        now = self.now()
        with self.look() as stored:
            found = stored.tokens.find(hash_of(unsafe_token), now)
        if found is None:
            raise TokenGone
        token, user = found
        if token.due(now):
            token = replace(token, last_used_at=now)
            # While the database is read-only, tokens keep working.
            with suppress(Unavailable), self.transaction() as work:
                work.tokens.touch(token.id, now)
                work.commit()
        return TokenActor(client, user, token)

    def of(self, actor: SignedIn, after: UUID | None, limit: int) -> Page[Token]:
        """The actor's tokens, newest first. At most 100."""
        with self.look() as stored:
            return stored.tokens.of(actor.id, self.now(), after, page_size(limit))

    def create(
        self,
        actor: SignedIn,
        unsafe_name: str,
        scope: Scope,
        expires_at: datetime | None,
        current_password: str,
    ) -> tuple[Token, str]:
        """A new token and its text, which is not stored. The user gets a mail.

        Raise Invalid, TooManyTokens, or what `Reauthentication.require` and `still` raise.
        """
        self.reauthentication.require(actor, current_password)
        now, errors = self.now(), FieldErrors()
        with errors:
            name = acceptable_token_name(unsafe_name)
        with errors:
            expires_at = acceptable_expiry(expires_at, now)
        errors.raise_any()
        text = token_of(self.new_secret())
        token = Token(
            id=self.new_id(),
            user_id=actor.id,
            name=name,
            scope=scope,
            token_hash=hash_of(text),
            created_at=now,
            expires_at=expires_at,
        )
        with self.limits.new_token(actor.id), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            if work.tokens.count(actor.id, now) >= MOST_TOKENS:
                raise TooManyTokens
            work.tokens.add(token)
            self.mails.write(work, MailKind.TOKEN_CREATED, user, user.email, actor.client, name=name)
            self.events.record(work, Tag.TOKEN_CREATED, actor.id, actor)
            work.commit()
        return token, text

    def revoke(self, actor: SignedIn, token_id: UUID) -> None:
        """Raise NotWhileActing, or NotFound when the actor has no such token."""
        actor.require_self()
        with self.transaction() as work:
            if not work.tokens.revoke(actor.id, token_id):
                raise NotFound
            self.events.record(work, Tag.TOKEN_REVOKED, actor.id, actor)
            work.commit()
