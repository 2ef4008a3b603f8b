"""Codes of the second factor: each is used up by the use case that it opens."""

from dataclasses import dataclass

from application.events import Events
from application.limits import Limits
from application.mails import Mails
from application.ports import Clock, OneTimeCodes, TakeBack, UnitOfWork
from domain.access import Actor
from domain.events import Tag
from domain.mails import MailKind
from domain.secrets import hash_of
from domain.sessions import Client
from domain.two_factor import is_app_code, typed_code
from domain.users import User


@dataclass(frozen=True, slots=True)
class Codes:
    one_time_codes: OneTimeCodes
    limits: Limits
    mails: Mails
    events: Events
    now: Clock

    def attempt(self, user: User) -> TakeBack:
        """Count an attempt, before the unit of work. Take it back when the code was right.

        Raise TooManyAttempts. The login and all other use cases share the limit.
        """
        return self.limits.code(user.id)

    def use(self, work: UnitOfWork, user: User, unsafe_code: str, by: Actor | Client) -> bool:
        """Use up a code of the app or a recovery code. Lock the user before.

        False for a wrong one, and for one that was used. Then `work` holds an event: commit it.
        """
        code, factor = typed_code(unsafe_code), work.two_factor.get(user.id)
        if factor is not None and is_app_code(code):
            step = self.one_time_codes.step(factor.secret, code, self.now())
            right = step is not None and work.two_factor.use_step(user.id, step)
        else:
            right = work.two_factor.use_recovery_code(user.id, hash_of(code))
            if right:
                client = by.client if isinstance(by, Actor) else by
                left = str(work.two_factor.recovery_codes_left(user.id))
                self.mails.write(work, MailKind.RECOVERY_CODE_USED, user, user.email, client, left=left)
                self.events.record(work, Tag.RECOVERY_CODE_USED, user.id, by)
        if not right:
            self.events.record(work, Tag.CODE_REFUSED, user.id, by)
        return right
