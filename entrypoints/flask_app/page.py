"""What all pages share: how a page is rendered, and the globals of every template."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from application.ports import Clock
from application.teams import Teams
from domain.access import SignedIn
from domain.links import Purpose, in_words
from domain.paging import MOST_COUNTED, Page
from domain.passwords import PASSWORD_RULES, SHORTEST_PASSWORD
from domain.teams import LONGEST_TEAM_NAME
from domain.users import USERNAME_RULES
from entrypoints import logs, site
from entrypoints.flask_app.brand import FILES
from entrypoints.flask_app.login import visitor
from entrypoints.flask_app.navigation import account_links, links
from entrypoints.settings import Settings

AFTER_LOGIN = "/"
ROWS_ON_A_PAGE = 50
TEAMS = "hexstart.teams"


def show_page(template: str, actor: SignedIn | None, **context: Any) -> str:
    """The page in the frame. The header shows the teams of the user: `team` is the current one."""
    if actor and "teams" not in context:
        context["teams"] = current_app.extensions[TEAMS].mine(actor)
    return render_template(template, **common(actor), **context)


def size(page: Page[Any], count: Callable[[], int]) -> int:
    """The number of rows of the list. `count` asks for it, where the page does not have all of them."""
    whole = page.next is None and "after" not in request.args
    return len(page.items) if whole else count()


def show_to_strangers(template: str, **context: Any) -> ResponseReturnValue:
    """The page for clients without a session. A user with a session is redirected to `?next=`."""
    onward = local_path(request.args.get("next", ""))
    actor = visitor()
    return redirect(onward) if actor else show_page(template, actor, next=onward, **context)


def common(actor: SignedIn | None) -> dict[str, Any]:
    """What the layout needs."""
    return {
        "user": actor.user if actor else None,
        "session": actor.session if actor else None,
        "acting": actor is not None and actor.acting,
        "links": links(actor),
        "account_links": account_links(actor),
        "request_id": logs.request_id.get(),
    }


def local_path(unsafe_next: str) -> str:
    """A path of this site, or the page after login where it is anything else.

    Browsers take `//host` and `/\\host` for another site, and drop tabs and newlines first.
    """
    path = unsafe_next if unsafe_next.isascii() and unsafe_next.isprintable() else ""
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return AFTER_LOGIN
    return path


def age(moment: datetime, now: datetime) -> int:
    """In seconds. The clocks of two servers differ: a moment in the future is now."""
    return max(0, int((now - moment).total_seconds()))


def ago(seconds: int) -> str:
    """In the largest unit: "2 minutes ago". static/times.js computes the same, and updates it."""
    for unit, size in (
        ("year", 31_536_000),
        ("month", 2_592_000),
        ("day", 86_400),
        ("hour", 3600),
        ("minute", 60),
    ):
        if count := seconds // size:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def add_page_globals(app: Flask, settings: Settings, teams: Teams, now: Clock) -> None:
    app.extensions[TEAMS] = teams
    app.jinja_env.filters["age"] = lambda moment: age(moment, now())
    app.jinja_env.filters["ago"] = ago
    app.jinja_env.filters["proven"] = lambda session: session.proven(now())
    static = Path(str(app.static_folder))
    contents = {file.name: file.read_bytes() for file in static.iterdir() if file.is_file()}
    contents |= {name: text.encode() for name, (_, text) in FILES.items()}
    versions = {name: sha256(content).hexdigest()[:10] for name, content in contents.items()}
    app.jinja_env.globals.update(
        site=site,
        event_stream=settings.event_stream == "on",
        faults_are_reported=settings.sentry_dsn != "",
        asset=lambda name: f"/static/{name}?v={versions[name]}",
        password_rules=PASSWORD_RULES,
        username_rules=USERNAME_RULES,
        shortest_password=SHORTEST_PASSWORD,
        longest_team_name=LONGEST_TEAM_NAME,
        most_counted=MOST_COUNTED,
        reset_link_lifetime=in_words(settings.link_lifetimes[Purpose.RESET_PASSWORD]),
    )
    # A changed file has a new URL, so a browser may keep the old one for a year.
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000
