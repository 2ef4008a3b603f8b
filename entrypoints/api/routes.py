"""All routes of the API, one row for each."""

from application.wiring import Wire
from entrypoints.api.accounts import AccountViews, DeleteUser, Register, RenameUser
from entrypoints.api.administration import AdminEventShape, AdministrationViews, AdminUserShape, ChangeUser
from entrypoints.api.emails import ChangeEmail, EmailViews, VerifyEmail
from entrypoints.api.events import EventShape, EventViews
from entrypoints.api.health import HealthViews
from entrypoints.api.http import Route, route
from entrypoints.api.impersonation import ActAs, ImpersonationViews
from entrypoints.api.invitations import (
    InvitationShape,
    InvitationViews,
    Invite,
    OpenedInvitationShape,
    UseInvitation,
)
from entrypoints.api.passwords import ChangePassword, ForgotPassword, PasswordViews, ResetPassword
from entrypoints.api.reauthentication import Prove, ReauthenticationViews
from entrypoints.api.sessions import Login, SessionShape, SessionViews
from entrypoints.api.streams import StreamRoute, StreamViews
from entrypoints.api.teams import ChangeRole, MemberShape, NameTeam, TeamShape, TeamViews
from entrypoints.api.tokens import CreateToken, NewTokenShape, TokenShape, TokenViews
from entrypoints.api.two_factor import (
    AskForTwoFactor,
    BeginTwoFactor,
    ConfirmTwoFactor,
    PasswordAndCode,
    RecoveryCodesShape,
    SetupShape,
    TwoFactorViews,
)
from entrypoints.api.users import AddressShape, UserShape


def routes(wire: Wire) -> list[Route]:
    """The rows. `wire` builds the views of a word."""
    accounts = wire(AccountViews)
    sessions = wire(SessionViews)
    emails = wire(EmailViews)
    passwords = wire(PasswordViews)
    events = wire(EventViews)
    teams = wire(TeamViews)
    invitations = wire(InvitationViews)
    tokens = wire(TokenViews)
    reauthentication = wire(ReauthenticationViews)
    two_factor = wire(TwoFactorViews)
    administration = wire(AdministrationViews)
    impersonation = wire(ImpersonationViews)
    health = wire(HealthViews)
    return [
        route(
            "POST",
            "/api/register",
            accounts.register,
            body=Register,
            shows=UserShape,
            status=201,
            public=True,
        ),
        route("POST", "/api/login", sessions.login, body=Login, shows=UserShape, public=True),
        route(
            "POST",
            "/api/login/two-factor",
            two_factor.log_in,
            body=ConfirmTwoFactor,
            shows=UserShape,
            public=True,
        ),
        route("POST", "/api/logout", sessions.logout),
        route("GET", "/api/user", accounts.show, shows=UserShape, tokens=True),
        route("PATCH", "/api/user", accounts.rename, body=RenameUser, shows=UserShape, tokens=True),
        route("DELETE", "/api/user", accounts.delete, body=DeleteUser),
        route("GET", "/api/user/export", accounts.export),
        route("GET", "/api/user/events", events.list, shows=list[EventShape], tokens=True),
        route("POST", "/api/email", emails.ask_to_change, body=ChangeEmail, status=202),
        route("POST", "/api/email/verify", emails.verify, body=VerifyEmail, shows=AddressShape, public=True),
        route("POST", "/api/email/verify/resend", emails.send_again, status=202),
        route("POST", "/api/password", passwords.change, body=ChangePassword),
        route("POST", "/api/password/forgot", passwords.forgot, body=ForgotPassword, status=202, public=True),
        route(
            "POST",
            "/api/password/reset",
            passwords.reset,
            body=ResetPassword,
            shows=AddressShape,
            public=True,
        ),
        route("POST", "/api/reauthentication", reauthentication.prove, body=Prove),
        route("POST", "/api/two-factor", two_factor.begin, body=BeginTwoFactor, shows=SetupShape),
        route(
            "POST",
            "/api/two-factor/confirm",
            two_factor.confirm,
            body=ConfirmTwoFactor,
            shows=RecoveryCodesShape,
        ),
        route(
            "POST",
            "/api/two-factor/recovery-codes",
            two_factor.renew_recovery_codes,
            body=PasswordAndCode,
            shows=RecoveryCodesShape,
        ),
        route("DELETE", "/api/two-factor", two_factor.switch_off, body=PasswordAndCode),
        route("GET", "/api/sessions", sessions.list, shows=list[SessionShape]),
        route("DELETE", "/api/sessions", sessions.end_others),
        route("DELETE", "/api/sessions/<id>", sessions.end),
        route("GET", "/api/teams", teams.list, shows=list[TeamShape], tokens=True),
        route("POST", "/api/teams", teams.create, body=NameTeam, shows=TeamShape, status=201, tokens=True),
        route("GET", "/api/teams/<id>", teams.show, shows=TeamShape, tokens=True),
        route("PATCH", "/api/teams/<id>", teams.rename, body=NameTeam, shows=TeamShape, tokens=True),
        route("DELETE", "/api/teams/<id>", teams.delete),
        route("GET", "/api/teams/<id>/members", teams.members, shows=list[MemberShape], tokens=True),
        route(
            "PATCH",
            "/api/teams/<id>/members/<user_id>",
            teams.change_role,
            body=ChangeRole,
            shows=MemberShape,
            tokens=True,
        ),
        route("DELETE", "/api/teams/<id>/members/<user_id>", teams.remove, tokens=True),
        route(
            "GET", "/api/teams/<id>/invitations", invitations.list, shows=list[InvitationShape], tokens=True
        ),
        route(
            "POST",
            "/api/teams/<id>/invitations",
            invitations.invite,
            body=Invite,
            shows=InvitationShape,
            status=201,
            tokens=True,
        ),
        route("DELETE", "/api/teams/<id>/invitations/<invitation_id>", invitations.revoke, tokens=True),
        route(
            "POST",
            "/api/teams/<id>/invitations/<invitation_id>/resend",
            invitations.send_again,
            shows=InvitationShape,
            status=201,
            tokens=True,
        ),
        route(
            "POST",
            "/api/invitations/show",
            invitations.show,
            body=UseInvitation,
            shows=OpenedInvitationShape,
            public=True,
        ),
        route("POST", "/api/invitations/accept", invitations.accept, body=UseInvitation, shows=TeamShape),
        route("POST", "/api/teams/<id>/two-factor", two_factor.demand, body=AskForTwoFactor, shows=TeamShape),
        route("GET", "/api/tokens", tokens.list, shows=list[TokenShape]),
        route("POST", "/api/tokens", tokens.create, body=CreateToken, shows=NewTokenShape, status=201),
        route("DELETE", "/api/tokens/<id>", tokens.revoke),
        route("GET", "/api/admin/users", administration.users, shows=list[AdminUserShape]),
        route("GET", "/api/admin/users/<id>", administration.user, shows=AdminUserShape),
        route("PATCH", "/api/admin/users/<id>", administration.change, body=ChangeUser, shows=AdminUserShape),
        route("DELETE", "/api/admin/users/<id>/sessions", administration.end_sessions),
        route("POST", "/api/admin/users/<id>/password-reset", administration.reset_password, status=202),
        route("POST", "/api/admin/users/<id>/verification", administration.verify_email, status=202),
        route("DELETE", "/api/admin/users/<id>/two-factor", two_factor.switch_off_for),
        route("GET", "/api/admin/events", administration.events, shows=list[AdminEventShape]),
        route(
            "POST", "/api/admin/users/<id>/impersonation", impersonation.begin, body=ActAs, shows=UserShape
        ),
        route("DELETE", "/api/impersonation", impersonation.end),
        route("GET", "/health/live", health.live, public=True),
        route("GET", "/health/ready", health.ready, public=True),
    ]


def streams(wire: Wire) -> list[StreamRoute]:
    """The rows that wait. A binding in which each request holds a thread, as Flask's, does not bind them."""
    return [StreamRoute("/api/events/stream", wire(StreamViews).own, shows=EventShape)]
