"""The pages that people see, and what every page is told."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue

from application.accounts import Accounts
from application.administration import Administration
from application.sessions import Sessions
from application.teams import Teams
from domain.access import Permission, SignedIn
from domain.errors import NotFound
from domain.links import LinkLife, in_words
from domain.passwords import PASSWORD_RULES, SHORTEST_PASSWORD
from domain.teams import LONGEST_TEAM_NAME
from domain.users import USERNAME_RULES
from entrypoints import logs, site
from entrypoints.flask_app.brand import FILES
from entrypoints.flask_app.login import signed_in, visitor
from entrypoints.flask_app.wire import cursor

AFTER_LOGIN = "/settings"
ROWS_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Pages:
    administration: Administration
    accounts: Accounts
    sessions: Sessions
    teams: Teams

    def home(self) -> ResponseReturnValue:
        return show_page("home.html", visitor())

    def register(self) -> ResponseReturnValue:
        return self._for_strangers("register.html")

    def login(self) -> ResponseReturnValue:
        return self._for_strangers("login.html")

    def logout(self) -> ResponseReturnValue:
        return show_page("logout.html", visitor())

    def settings(self) -> ResponseReturnValue:
        return show_page("settings.html", signed_in())

    def team(self) -> ResponseReturnValue:
        actor = signed_in()
        team = next((team for team, _ in self.teams.mine(actor) if team.personal), None)
        if team is None:
            raise NotFound
        return show_page("team.html", actor, team=team)

    def session_list(self) -> ResponseReturnValue:
        actor = signed_in()
        sessions = self.sessions.of(actor)
        return show_page("sessions.html", actor, sessions=sessions, current_id=actor.session.id)

    def history(self) -> ResponseReturnValue:
        actor = signed_in()
        page = self.accounts.events(actor, cursor(), ROWS_ON_A_PAGE)
        more = f"/settings/history?after={page.next}" if page.next else None
        return show_page("history.html", actor, events=page.items, next_url=more)

    def verify_email(self) -> ResponseReturnValue:
        return show_page("verify_email.html", visitor())

    def forgot_password(self) -> ResponseReturnValue:
        return show_page("forgot_password.html", visitor())

    def reset_password(self) -> ResponseReturnValue:
        return show_page("reset_password.html", visitor())

    def admin(self) -> ResponseReturnValue:
        actor = signed_in()
        search = request.args.get("q", "").replace("\0", "")[:100]
        page = self.administration.users(actor, search, cursor(), ROWS_ON_A_PAGE)
        more = urlencode({"q": search, "after": page.next}) if page.next else None
        return show_page(
            "admin.html", actor, people=page.items, q=search, next_url=f"/admin?{more}" if more else None
        )

    def _for_strangers(self, template: str) -> ResponseReturnValue:
        onward = local_path(request.args.get("next", ""))
        actor = visitor()
        return redirect(onward) if actor else show_page(template, actor, next=onward)


def show_page(template: str, actor: SignedIn | None, **context: Any) -> str:
    return render_template(template, **common(actor), **context)


def common(actor: SignedIn | None) -> dict[str, Any]:
    """What the layout needs."""
    return {
        "user": actor.user if actor else None,
        "may_administer": actor is not None and actor.may(Permission.SEE_USERS),
        "request_id": logs.request_id.get(),
    }


def local_path(unsafe_next: str) -> str:
    """A path of this site, or the page after login where it is anything else.

    Browsers take `//host` and `/\\host` for another site, and drop tabs and newlines before they look.
    """
    path = unsafe_next if unsafe_next.isascii() and unsafe_next.isprintable() else ""
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return AFTER_LOGIN
    return path


def add_page_globals(app: Flask, link_life: LinkLife) -> None:
    static = Path(str(app.static_folder))
    contents = {file.name: file.read_bytes() for file in static.iterdir() if file.is_file()}
    contents |= {name: text.encode() for name, (_, text) in FILES.items()}
    versions = {name: sha256(content).hexdigest()[:10] for name, content in contents.items()}
    app.jinja_env.globals.update(
        site=site,
        asset=lambda name: f"/static/{name}?v={versions[name]}",
        password_rules=PASSWORD_RULES,
        username_rules=USERNAME_RULES,
        shortest_password=SHORTEST_PASSWORD,
        longest_team_name=LONGEST_TEAM_NAME,
        reset_link_lifetime=in_words(link_life.reset),
    )
    # A changed file has another address, so that the old one can be kept for a year.
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000
