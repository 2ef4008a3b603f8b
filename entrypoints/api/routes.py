"""All routes of the API, one row for each."""

from application.wiring import Wire
from entrypoints.api.accounts import AccountViews, DeleteUser, ExportShape, Register, RenameUser
from entrypoints.api.administration import (
    EVENT_FILTER,
    AdminEventShape,
    AdministrationViews,
    AdminUserShape,
    ChangeUser,
)
from entrypoints.api.emails import ChangeEmail, EmailViews, VerifyEmail
from entrypoints.api.events import EventShape, EventViews
from entrypoints.api.health import HealthViews, LiveShape, ReadyShape
from entrypoints.api.http import PAGED, Route, route
from entrypoints.api.impersonation import ActAs, ImpersonationViews
from entrypoints.api.invitations import (
    InvitationShape,
    InvitationViews,
    Invite,
    OpenedInvitationShape,
    UseInvitation,
)
from entrypoints.api.openapi import Json, OpenApiViews
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
    openapi = wire(OpenApiViews)
    # One line for each row, so that two branches that add rows merge.
    # fmt: off
    return [
        route("POST", "/api/register", accounts.register, "Create an account and log in", body=Register, shows=UserShape, status=201, public=True),
        route("POST", "/api/login", sessions.login, "Log in", body=Login, shows=UserShape, public=True),
        route("POST", "/api/login/two-factor", two_factor.log_in, "Finish a login with a code of the second factor", body=ConfirmTwoFactor, shows=UserShape, public=True),
        route("POST", "/api/logout", sessions.logout, "Log out: the session ends"),
        route("GET", "/api/user", accounts.show, "Show the user of the session", shows=UserShape, tokens=True),
        route("PATCH", "/api/user", accounts.rename, "Change the username", body=RenameUser, shows=UserShape, tokens=True),
        route("DELETE", "/api/user", accounts.delete, "Delete the account", body=DeleteUser),
        route("GET", "/api/user/export", accounts.export, "Download all data of the account", shows=ExportShape),
        route("GET", "/api/user/events", events.list, "List the security history, newest first", shows=list[EventShape], query=PAGED, tokens=True),
        route("POST", "/api/email", emails.ask_to_change, "Ask for another email address: a link goes there by mail", body=ChangeEmail, status=202),
        route("POST", "/api/email/verify", emails.verify, "Verify an email address by the token of a link", body=VerifyEmail, shows=AddressShape, public=True, also=(410,)),
        route("POST", "/api/email/verify/resend", emails.send_again, "Send the link to verify the address again", status=202),
        route("POST", "/api/password", passwords.change, "Change the password: all other sessions end", body=ChangePassword),
        route("POST", "/api/password/forgot", passwords.forgot, "Send a link to choose a new password", body=ForgotPassword, status=202, public=True),
        route("POST", "/api/password/reset", passwords.reset, "Choose a new password by the token of a link: all sessions end", body=ResetPassword, shows=AddressShape, public=True, also=(410,)),
        route("POST", "/api/reauthentication", reauthentication.prove, "Prove that the user is present, for changes that need it", body=Prove),
        route("POST", "/api/two-factor", two_factor.begin, "Begin to set up the second factor", body=BeginTwoFactor, shows=SetupShape, message=False),
        route("POST", "/api/two-factor/confirm", two_factor.confirm, "Switch the second factor on, with its first code", body=ConfirmTwoFactor, shows=RecoveryCodesShape, message=False),
        route("POST", "/api/two-factor/recovery-codes", two_factor.renew_recovery_codes, "Replace the recovery codes", body=PasswordAndCode, shows=RecoveryCodesShape, message=False),
        route("DELETE", "/api/two-factor", two_factor.switch_off, "Switch the second factor off", body=PasswordAndCode),
        route("GET", "/api/sessions", sessions.list, "List the sessions, newest first", shows=list[SessionShape], query=PAGED),
        route("DELETE", "/api/sessions", sessions.end_others, "End all other sessions"),
        route("DELETE", "/api/sessions/<id>", sessions.end, "End a session"),
        route("GET", "/api/teams", teams.list, "List the teams of the user", shows=list[TeamShape], tokens=True),
        route("POST", "/api/teams", teams.create, "Create a team", body=NameTeam, shows=TeamShape, status=201, tokens=True),
        route("GET", "/api/teams/<id>", teams.show, "Show a team", shows=TeamShape, tokens=True),
        route("PATCH", "/api/teams/<id>", teams.rename, "Rename a team", body=NameTeam, shows=TeamShape, tokens=True),
        route("DELETE", "/api/teams/<id>", teams.delete, "Delete a team"),
        route("GET", "/api/teams/<id>/members", teams.members, "List the members of a team, the oldest account first", shows=list[MemberShape], query=PAGED, tokens=True),
        route("PATCH", "/api/teams/<id>/members/<user_id>", teams.change_role, "Change the role of a member", body=ChangeRole, shows=MemberShape, tokens=True),
        route("DELETE", "/api/teams/<id>/members/<user_id>", teams.remove, "Remove a member, or leave the team", tokens=True),
        route("GET", "/api/teams/<id>/invitations", invitations.list, "List the valid invitations of a team, newest first", shows=list[InvitationShape], query=PAGED, tokens=True),
        route("POST", "/api/teams/<id>/invitations", invitations.invite, "Invite an email address to a team", body=Invite, shows=InvitationShape, status=201, tokens=True),
        route("DELETE", "/api/teams/<id>/invitations/<invitation_id>", invitations.revoke, "Revoke an invitation", tokens=True),
        route("POST", "/api/teams/<id>/invitations/<invitation_id>/resend", invitations.send_again, "Send an invitation again, with a new link", shows=InvitationShape, status=201, tokens=True),
        route("POST", "/api/invitations/show", invitations.show, "Show the invitation of a token: it stays valid", body=UseInvitation, shows=OpenedInvitationShape, public=True, message=False, also=(410,)),
        route("POST", "/api/invitations/accept", invitations.accept, "Accept an invitation by the token of a link", body=UseInvitation, shows=TeamShape, also=(410,)),
        route("POST", "/api/teams/<id>/two-factor", two_factor.demand, "Ask the members of a team for a second factor, or no longer", body=AskForTwoFactor, shows=TeamShape, message=False),
        route("GET", "/api/tokens", tokens.list, "List the API tokens, newest first", shows=list[TokenShape], query=PAGED),
        route("POST", "/api/tokens", tokens.create, "Create an API token: this answer is the only one that shows it", body=CreateToken, shows=NewTokenShape, status=201),
        route("DELETE", "/api/tokens/<id>", tokens.revoke, "Revoke an API token"),
        route("GET", "/api/admin/users", administration.users, "List the users of the site, newest first", shows=list[AdminUserShape], query=PAGED | {"q": str}),
        route("GET", "/api/admin/users/<id>", administration.user, "Show a user of the site", shows=AdminUserShape),
        route("PATCH", "/api/admin/users/<id>", administration.change, "Disable or enable a user, or set the roles", body=ChangeUser, shows=AdminUserShape),
        route("DELETE", "/api/admin/users/<id>/sessions", administration.end_sessions, "End all sessions of a user"),
        route("POST", "/api/admin/users/<id>/password-reset", administration.reset_password, "Send a user the link to choose a new password", status=202),
        route("POST", "/api/admin/users/<id>/verification", administration.verify_email, "Send a user the link to verify the address", status=202),
        route("DELETE", "/api/admin/users/<id>/two-factor", two_factor.switch_off_for, "Switch the second factor of a user off"),
        route("GET", "/api/admin/events", administration.events, "List the events of the site, newest first", shows=list[AdminEventShape], query=PAGED | EVENT_FILTER),
        route("POST", "/api/admin/users/<id>/impersonation", impersonation.begin, "Act as a user, for 30 minutes at most", body=ActAs, shows=UserShape),
        route("DELETE", "/api/impersonation", impersonation.end, "Stop acting as a user", also=(404,)),
        route("GET", "/health/live", health.live, "Tell whether the server runs", public=True, shows=LiveShape),
        route("GET", "/health/ready", health.ready, "Tell whether the database answers and is migrated", public=True, shows=ReadyShape),
        route("GET", "/api/openapi.json", openapi.show, "Show this description in OpenAPI 3.1", shows=Json, public=True, tokens=True, envelope=False),
    ]
    # fmt: on


def streams(wire: Wire) -> list[StreamRoute]:
    """The rows that wait. A binding in which each request holds a thread, as Flask's, does not bind them."""
    return [StreamRoute("/api/events/stream", wire(StreamViews).own, shows=EventShape)]
