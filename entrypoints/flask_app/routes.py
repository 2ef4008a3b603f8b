"""Every page of the site, and nothing else."""

from flask import Flask
from flask.typing import RouteCallable

from application.wiring import Wire
from entrypoints.flask_app.accounts import AccountPages
from entrypoints.flask_app.administration import AdministrationPages
from entrypoints.flask_app.docs import DocsPages
from entrypoints.flask_app.emails import verify_email
from entrypoints.flask_app.events import EventPages
from entrypoints.flask_app.invitations import invitation
from entrypoints.flask_app.passwords import forgot_password, reset_password
from entrypoints.flask_app.reauthentication import ReauthenticationPages
from entrypoints.flask_app.sessions import SessionPages
from entrypoints.flask_app.teams import TeamPages
from entrypoints.flask_app.tokens import TokenPages
from entrypoints.flask_app.two_factor import TwoFactorPages


def add_pages(app: Flask, wire: Wire) -> None:
    def page(method: str, url: str, view: RouteCallable) -> None:
        app.add_url_rule(url.replace("<", "<uuid:"), f"{method} {url}", view, methods=[method])

    accounts = wire(AccountPages)
    sessions = wire(SessionPages)
    events = wire(EventPages)
    teams = wire(TeamPages)
    reauthentication = wire(ReauthenticationPages)
    two_factor = wire(TwoFactorPages)
    tokens = wire(TokenPages)
    administration = wire(AdministrationPages)
    docs = wire(DocsPages)

    page("GET", "/", accounts.home)
    page("GET", "/register", accounts.register)
    page("GET", "/settings", accounts.settings)
    page("GET", "/settings/security", accounts.security)
    page("GET", "/settings/data", accounts.data)
    page("GET", "/login/two-factor", two_factor.log_in)
    page("GET", "/reauthenticate", reauthentication.form)
    page("GET", "/settings/two-factor", two_factor.settings)
    page("GET", "/settings/tokens", tokens.list)
    page("GET", "/login", sessions.login)
    page("GET", "/logout", sessions.logout)
    page("POST", "/logout", sessions.end)
    page("GET", "/settings/sessions", sessions.list)
    page("GET", "/settings/history", events.history)
    page("GET", "/teams", teams.list)
    page("GET", "/teams/<id>", teams.settings)
    page("GET", "/teams/<id>/members", teams.members)
    page("GET", "/invitation", invitation)
    page("GET", "/verify-email", verify_email)
    page("GET", "/forgot-password", forgot_password)
    page("GET", "/reset-password", reset_password)
    page("GET", "/admin", administration.users)
    page("GET", "/admin/users/<id>", administration.user)
    page("GET", "/admin/events", administration.events)
    page("GET", "/api/docs", docs.api)
