"""The second factor: setting it up, logging in with it, recovery codes, switching it off."""

from dataclasses import dataclass, replace
from uuid import UUID

from application.codes import Codes
from application.events import Events
from application.mails import Mails
from application.ports import Clock, Look, OneTimeCodes, Secrets, Transaction, UnitOfWork
from application.reauthentication import Reauthentication
from application.sessions import Sessions
from domain.access import Actor, Permission, PermissionDenied, SignedIn, TeamPermission, existing
from domain.errors import NotAuthenticated, NotFound
from domain.events import Tag
from domain.logins import PendingLogin, SecondFactorDue, WrongLoginCode
from domain.mails import MailKind
from domain.secrets import hash_of
from domain.sessions import Client, NotLoggedIn
from domain.teams import Membership, Team
from domain.two_factor import (
    RECOVERY_CODES,
    TwoFactor,
    TwoFactorOff,
    TwoFactorOn,
    WrongCode,
    WrongProof,
    recovery_code_of,
    typed_code,
)
from domain.users import User


@dataclass(frozen=True, slots=True)
class Setup:
    """What an authenticator app needs: the secret in base32, or the URL in a QR code."""

    secret: str
    url: str
    qr_svg: str


@dataclass(frozen=True, slots=True)
class SecondFactors:
    look: Look
    transaction: Transaction
    reauthentication: Reauthentication
    codes: Codes
    sessions: Sessions
    one_time_codes: OneTimeCodes
    mails: Mails
    events: Events
    now: Clock
    new_secret: Secrets

    def state(self, actor: SignedIn) -> tuple[bool, int]:
        """Whether the actor's factor is on, and the number of recovery codes left."""
        with self.look() as stored:
            factor = stored.two_factor.get(actor.id)
            if factor is None or not factor.on:
                return False, 0
            return True, stored.two_factor.recovery_codes_left(actor.id)

    def begin(self, actor: SignedIn, current_password: str) -> Setup:
        """A new factor, which is on after `confirm`. It replaces one that was not confirmed.

        Raise TwoFactorOn, or what `Reauthentication.require` and `still` raise.
        """
        self.reauthentication.require(actor, current_password)
        factor = TwoFactor(user_id=actor.id, secret=self.one_time_codes.new_secret(), created_at=self.now())
        with self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            self._require_off(work, user)
            work.two_factor.forget(user.id)
            work.two_factor.add(factor)
            if current_password:  # an older proof does not prolong itself
                self.reauthentication.store_proof(work, actor)
            work.commit()
        return self._setup(factor, user)

    def begun(self, actor: SignedIn) -> Setup:
        """The factor that waits for `confirm`. Raise ProofNeeded, NotWhileActing, or NotFound without one."""
        self.reauthentication.require(actor)
        with self.look() as stored:
            factor = stored.two_factor.get(actor.id)
        if factor is None or not factor.waits(self.now()):
            raise NotFound
        return self._setup(factor, actor.user)

    def confirm(self, actor: SignedIn, unsafe_code: str) -> list[str]:
        """Switch the factor on by its first code. Return the recovery codes, which are shown once.

        Raise WrongCode, TooManyAttempts, TwoFactorOn, or TwoFactorOff when none was begun.
        """
        actor.require_self()
        with self.codes.attempt(actor.user, unsafe_code, actor), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            self._require_off(work, user)
            factor = work.two_factor.get(user.id)
            if factor is None or not factor.waits(self.now()):
                raise TwoFactorOff
            self._use(work, user, unsafe_code, actor, confirming=True)
            work.two_factor.confirm(user.id, self.now())
            shown = self._new_recovery_codes(work, user)
            self.mails.write(work, MailKind.TWO_FACTOR_ON, user, user.email, actor.client)
            self.events.record(work, Tag.TWO_FACTOR_ON, user.id, actor)
            work.commit()
        return shown

    def renew_recovery_codes(self, actor: SignedIn, current_password: str, unsafe_code: str) -> list[str]:
        """Replace all recovery codes. Raise WrongPassword, WrongCode, TooManyAttempts or TwoFactorOff."""
        self.reauthentication.require_password(actor, current_password)
        with self.codes.attempt(actor.user, unsafe_code, actor), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            self._require_on(work, user)
            self._use(work, user, unsafe_code, actor)
            shown = self._new_recovery_codes(work, user)
            self.mails.write(work, MailKind.RECOVERY_CODES_RENEWED, user, user.email, actor.client)
            self.events.record(work, Tag.RECOVERY_CODES_RENEWED, user.id, actor)
            work.commit()
        return shown

    def switch_off(self, actor: SignedIn, current_password: str, unsafe_code: str) -> None:
        """Delete the factor. Raise WrongPassword, WrongCode, TooManyAttempts or TwoFactorOff."""
        self.reauthentication.require_password(actor, current_password)
        with self.codes.attempt(actor.user, unsafe_code, actor), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            self._require_on(work, user)
            self._use(work, user, unsafe_code, actor)
            self._switch_off(work, user, actor, actor.client)
            work.commit()

    def switch_off_for(self, actor: Actor, user_id: UUID) -> User:
        """Delete the factor of another user, for example after a lost phone. The user gets a mail.

        Raise NotFound, TwoFactorOff, PermissionDenied for the actor's own account, or ProofNeeded.
        """
        actor.require(Permission.SWITCH_OFF_TWO_FACTOR)
        if isinstance(actor, SignedIn):
            self.reauthentication.require(actor)
        with self.transaction() as work:
            if isinstance(actor, SignedIn):  # the actor may have lost the permission while it waited
                admin = self.reauthentication.still(work, actor)
                replace(actor, user=admin).require(Permission.SWITCH_OFF_TWO_FACTOR)
                if admin.id == user_id:
                    raise PermissionDenied
            user = existing(work.users.lock(user_id))
            self._require_on(work, user)
            self._switch_off(work, user, actor, None)
            work.commit()
        self.codes.limits.clear_codes(user.id)
        return user

    def prove(self, actor: SignedIn, unsafe_code: str) -> None:
        """Store a proof of the session, as `Reauthentication.prove` does for the password.

        Raise NotWhileActing, WrongProof, TooManyAttempts or NotLoggedIn.
        """
        actor.require_self()
        with self.codes.attempt(actor.user, unsafe_code, actor), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            if not self.codes.use(work, user, unsafe_code, actor):
                work.commit()  # stores the event of the wrong code
                raise WrongProof
            self.reauthentication.store_proof(work, actor)
            work.commit()

    def on_for(self, actor: Actor, user_id: UUID) -> bool:
        """Whether the factor of a user is on."""
        actor.require(Permission.SEE_USERS)
        with self.look() as stored:
            factor = stored.two_factor.get(user_id)
        return factor is not None and factor.on

    def pending_login(self, secret: str | None) -> PendingLogin | None:
        """The login of this client that waits for a code."""
        if secret is None:
            return None
        with self.look() as stored:
            return stored.logins.find(hash_of(secret), self.now())

    def cancel_login(self, secret: str | None) -> None:
        """End a pending login, as a logout does. Do nothing without one."""
        login = self.pending_login(secret)
        if login is not None:
            with self.transaction() as work:
                work.logins.end(login.secret_hash, self.now())
                work.commit()

    def refusal(self, secret: str | None) -> NotAuthenticated:
        """The error for a client without a session. Its login may wait for a code."""
        return SecondFactorDue() if self.pending_login(secret) else NotLoggedIn()

    def log_in(self, secret: str | None, unsafe_code: str, client: Client) -> tuple[SignedIn, str]:
        """Complete a pending login with a code.

        Return the user with a new session, and the secret for the cookie. Raise NotLoggedIn when the
        login has ended, WrongLoginCode or TooManyAttempts.
        """
        login = self.pending_login(secret)
        with self.look() as stored:
            user = stored.users.get(login.user_id) if login else None
        if login is None or user is None:
            raise NotLoggedIn
        with self.codes.attempt(user, unsafe_code, client), self.transaction() as work:
            user = work.users.lock(user.id)
            # A new password, a disabled account or a factor that is off has ended the login meanwhile.
            if user is None or work.logins.find(login.secret_hash, self.now()) is None:
                raise NotLoggedIn
            if not self.codes.use(work, user, unsafe_code, client):
                work.logins.count_wrong_code(login.id)
                work.commit()
                raise WrongLoginCode
            work.logins.end(login.secret_hash, self.now())
            actor, new_secret = self.sessions.open(
                work, user, remember=login.remembered, replacing=None, client=client
            )
            work.commit()
        return actor, new_secret

    def demand(self, actor: SignedIn, team_id: UUID, needed: bool) -> tuple[Team, Membership]:
        """Require a second factor of the team's members, or stop requiring it.

        Raise NotFound for an outsider, PermissionDenied, or TwoFactorOff while the actor has none. To stop it
        needs a proof: ProofNeeded.
        """
        actor.require_self()
        with self.transaction() as work:
            team = work.teams.lock(team_id)
            member = work.teams.member(team_id, actor)
            member.require(TeamPermission.ASK_FOR_TWO_FACTOR)
            if team is None:
                raise NotFound
            if needed:
                self._require_on(work, actor.user)
            else:
                self.reauthentication.require(actor)
            if team.needs_two_factor != needed:
                team.needs_two_factor = needed
                work.teams.save(team)
                detail = "required" if needed else "not required"
                self.events.record(work, Tag.TEAM_TWO_FACTOR, actor.id, actor, detail, team_id)
            work.commit()
        return team, member

    def _setup(self, factor: TwoFactor, user: User) -> Setup:
        url = self.one_time_codes.url(factor.secret, user.email)
        return Setup(factor.secret, url, self.one_time_codes.qr_svg(url))

    def _use(
        self, work: UnitOfWork, user: User, unsafe_code: str, actor: SignedIn, *, confirming: bool = False
    ) -> None:
        if not self.codes.use(work, user, unsafe_code, actor, confirming=confirming):
            work.commit()  # stores the event of the wrong code
            raise WrongCode

    def _new_recovery_codes(self, work: UnitOfWork, user: User) -> list[str]:
        shown = [recovery_code_of(self.new_secret()) for _ in range(RECOVERY_CODES)]
        work.two_factor.set_recovery_codes(user.id, [hash_of(typed_code(code)) for code in shown])
        return shown

    def _switch_off(self, work: UnitOfWork, user: User, actor: Actor, client: Client | None) -> None:
        work.two_factor.forget(user.id)
        work.logins.forget(user.id)
        self.mails.write(work, MailKind.TWO_FACTOR_OFF, user, user.email, client)
        self.events.record(work, Tag.TWO_FACTOR_OFF, user.id, actor)

    def _require_on(self, work: UnitOfWork, user: User) -> None:
        factor = work.two_factor.get(user.id)
        if factor is None or not factor.on:
            raise TwoFactorOff

    def _require_off(self, work: UnitOfWork, user: User) -> None:
        factor = work.two_factor.get(user.id)
        if factor is not None and factor.on:
            raise TwoFactorOn
