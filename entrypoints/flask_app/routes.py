"""Every URL of the site, and nothing else."""

from flask import Flask
from flask.typing import RouteCallable

from entrypoints.container import Container
from entrypoints.flask_app.accounts import AccountViews
from entrypoints.flask_app.health import HealthViews
from entrypoints.flask_app.login import Cookie
from entrypoints.flask_app.pages import Pages
from entrypoints.flask_app.sessions import SessionViews
from entrypoints.flask_app.teams import TeamViews


def add_routes(app: Flask, container: Container, cookie: Cookie) -> None:
    pages = Pages(container.administration())
    accounts = AccountViews(container.accounts(), cookie)
    sessions = SessionViews(container.sessions(), cookie)
    teams = TeamViews(container.teams())
    health = HealthViews(container.ping)

    def route(method: str, url: str, view: RouteCallable) -> None:
        app.add_url_rule(url, f"{method} {url}", view, methods=[method])

    route("GET", "/", pages.home)
    route("GET", "/register", pages.register)
    route("GET", "/login", pages.login)
    route("GET", "/logout", pages.logout)
    route("POST", "/logout", sessions.logout_from_page)
    route("GET", "/settings", pages.settings)
    route("GET", "/admin", pages.admin)

    route("POST", "/api/register", accounts.register)
    route("POST", "/api/login", sessions.login)
    route("POST", "/api/logout", sessions.logout)
    route("GET", "/api/user", accounts.show)
    route("POST", "/api/email", accounts.change_email)
    route("GET", "/api/teams", teams.list)
    route("PATCH", "/api/teams/<uuid:id>", teams.rename)

    route("GET", "/health/live", health.live)
    route("GET", "/health/ready", health.ready)
