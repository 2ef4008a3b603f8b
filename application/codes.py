"""Codes of the second factor: counting attempts, and using a code up in the transaction of its use case."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from application.events import Events
from application.limits import Limits
from application.mails import Mails
from application.ports import Clock, OneTimeCodes, UnitOfWork
from domain.access import SignedIn
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

    def attempt(self, user: User, unsafe_code: str, by: SignedIn | Client) -> AbstractContextManager[None]:
        """Counts an attempt, around the unit of work. Only a wrong code stays counted.

        Raise TooManyAttempts. A login and a session have counts of their own.
        """
        if not is_app_code(typed_code(unsafe_code)):
            return self.limits.recovery_code(by if isinstance(by, Client) else by.client)
        return self.limits.code(user.id, "login" if isinstance(by, Client) else "session")

    def use(
        self,
        work: UnitOfWork,
        user: User,
        unsafe_code: str,
        by: SignedIn | Client,
        *,
        confirming: bool = False,
    ) -> bool:
        """Use up a code of the app or a recovery code. Lock the user first.

        False for a wrong code, and for a used one. `work` then holds an event: commit it. The codes of a
        factor that is not on count for `confirming` only.
        """
        code, factor = typed_code(unsafe_code), work.two_factor.get(user.id)
        if factor is not None and (factor.on or confirming) and is_app_code(code):
            step = self.one_time_codes.step(factor.secret, code, self.now())
            right = step is not None and work.two_factor.use_step(user.id, step)
        else:
            right = work.two_factor.use_recovery_code(user.id, hash_of(code))
            if right:
                client = by if isinstance(by, Client) else by.client
                left = str(work.two_factor.recovery_codes_left(user.id))
                self.mails.write(work, MailKind.RECOVERY_CODE_USED, user, user.email, client, left=left)
                self.events.record(work, Tag.RECOVERY_CODE_USED, user.id, by)
        if not right:
            self.events.record(work, Tag.CODE_REFUSED, user.id, by)
        return right
