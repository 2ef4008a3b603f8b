"""Every URL of the site, and nothing else."""

from flask import Flask
from flask.typing import RouteCallable

from entrypoints.container import Container
from entrypoints.flask_app.accounts import AccountViews
from entrypoints.flask_app.emails import EmailViews
from entrypoints.flask_app.health import HealthViews
from entrypoints.flask_app.login import Cookie
from entrypoints.flask_app.pages import Pages
from entrypoints.flask_app.passwords import PasswordViews
from entrypoints.flask_app.sessions import SessionViews
from entrypoints.flask_app.teams import TeamViews


def add_routes(app: Flask, container: Container, cookie: Cookie) -> None:
    pages = Pages(container.administration(), container.accounts(), container.sessions(), container.teams())
    accounts = AccountViews(container.accounts(), cookie)
    sessions = SessionViews(container.sessions(), cookie)
    teams = TeamViews(container.teams())
    emails = EmailViews(container.emails())
    passwords = PasswordViews(container.passwords(), cookie)
    health = HealthViews(container.delivery())

    def route(method: str, url: str, view: RouteCallable) -> None:
        app.add_url_rule(url, f"{method} {url}", view, methods=[method])

    route("GET", "/", pages.home)
    route("GET", "/register", pages.register)
    route("GET", "/login", pages.login)
    route("GET", "/logout", pages.logout)
    route("POST", "/logout", sessions.logout_from_page)
    route("GET", "/settings", pages.settings)
    route("GET", "/settings/team", pages.team)
    route("GET", "/settings/sessions", pages.session_list)
    route("GET", "/settings/history", pages.history)
    route("GET", "/verify-email", pages.verify_email)
    route("GET", "/forgot-password", pages.forgot_password)
    route("GET", "/reset-password", pages.reset_password)
    route("GET", "/admin", pages.admin)

    route("POST", "/api/register", accounts.register)
    route("POST", "/api/login", sessions.login)
    route("POST", "/api/logout", sessions.logout)
    route("GET", "/api/user", accounts.show)
    route("PATCH", "/api/user", accounts.rename)
    route("DELETE", "/api/user", accounts.delete)
    route("GET", "/api/user/export", accounts.export)
    route("GET", "/api/user/events", accounts.events)
    route("POST", "/api/email", emails.ask_to_change)
    route("POST", "/api/email/verify", emails.verify)
    route("POST", "/api/email/verify/resend", emails.send_again)
    route("POST", "/api/password", passwords.change)
    route("POST", "/api/password/forgot", passwords.forgot)
    route("POST", "/api/password/reset", passwords.reset)
    route("GET", "/api/sessions", sessions.list)
    route("DELETE", "/api/sessions", sessions.end_others)
    route("DELETE", "/api/sessions/<uuid:id>", sessions.end)
    route("GET", "/api/teams", teams.list)
    route("PATCH", "/api/teams/<uuid:id>", teams.rename)

    route("GET", "/health/live", health.live)
    route("GET", "/health/ready", health.ready)
