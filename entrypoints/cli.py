"""The command line for the operator. It calls the same use cases as the site.

Exit codes: 0 done, 1 a bug of ours or wrong settings, 2 wrong usage (click), others in EXIT.
"""

import getpass
import json
import logging
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import click

from domain import errors
from domain.access import PERMISSIONS, TEAM_PERMISSIONS, Operator, Permission, TeamPermission
from domain.events import LONGEST_OPERATOR, EventFilter, Tag
from domain.paging import Page
from domain.personal import exported
from domain.sessions import Client
from domain.users import Role, User
from entrypoints import logs, settings, site
from entrypoints.api.administration import show_admin_event, show_admin_user
from entrypoints.api.http import session_cookie, to_json
from entrypoints.api.teams import show_member
from entrypoints.background import Background
from entrypoints.container import Container, opened
from entrypoints.container import openapi as described

FAMILIES = "Invalid NotAuthenticated Forbidden NotFound Conflict Gone TooManyAttempts Unavailable"
EXIT: dict[type[errors.DomainError], int] = {
    getattr(errors, family): code for code, family in enumerate(FAMILIES.split(), 3)
}
LONGEST_LIST = 100
TAGS = {str(tag): tag for tag in Tag}
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

CLIENT = Client(ip="", user_agent="command line")


def operator() -> Operator:
    """The operator of this command. Events have the name."""
    name: str = click.get_current_context().meta["operator"]
    return Operator(CLIENT, name[:LONGEST_OPERATOR])


def account_name() -> str:
    """The account of the operating system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "unknown"


class Commands(click.Group):
    """Prints the error of a use case on stderr and sets the exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.DomainError as error:
            family = next(family for family in type(error).__mro__ if family in EXIT)
            fields = error.fields if isinstance(error, errors.Invalid) else {"Error": [_told(error)]}
            for name, reasons in fields.items():
                click.echo(f"{name}: {' '.join(reasons)}", err=True)
            ctx.exit(EXIT[family])


def _told(error: errors.DomainError) -> str:
    """The message, and for the operator the reason."""
    reason = error.reason if isinstance(error, errors.Unavailable) else ""
    return f"{error.message} ({reason})" if reason else error.message


@click.group(cls=Commands, help=f"Manage {site.NAME} from the command line.")
@click.option(
    "--operator",
    envvar="OPERATOR",
    default=account_name,
    show_default="the account of the operating system",
    help="Who acts, for the events.",
)
@click.pass_context
def cli(ctx: click.Context, operator: str) -> None:
    ctx.meta["operator"] = operator
    if ctx.obj is None and ctx.invoked_subcommand not in {access.name, openapi.name}:
        chosen = settings.load()
        logs.configure("text", chosen.sentry_dsn)
        logging.getLogger("adapters.sql").setLevel(logging.ERROR)  # the command prints the reason itself
        logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of its plugins
        ctx.obj = opened(chosen)


@cli.command(help="Print the table of roles and permissions. Needs no database.")
def access() -> None:
    for title, permissions, roles in (
        ("On the site", Permission, PERMISSIONS),
        ("In a team", TeamPermission, TEAM_PERMISSIONS),
    ):
        click.echo(f"| {title} | {' | '.join(roles)} |\n|---|{'---|' * len(roles)}")
        for permission in permissions:
            marks = ("yes" if permission in held else "" for held in roles.values())
            click.echo(f"| {permission} | {' | '.join(marks)} |")
        click.echo()


@cli.command(help="Print the description of the API in OpenAPI 3.1. Needs no database.")
def openapi() -> None:
    chosen = settings.load()
    found = described(chosen.base_url, session_cookie(chosen).name)
    click.echo(json.dumps(found, indent=1, ensure_ascii=False))


@cli.group(help="User accounts.")
def users() -> None: ...


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("as_json", "--json", is_flag=True, help="Print JSON.")(command)


def paged(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a list."""
    limit = click.option(
        "--limit", default=LONGEST_LIST, type=click.IntRange(1, LONGEST_LIST), show_default=True
    )
    after = click.option("--after", type=click.UUID, help="Continue after this id.")
    return limit(after(as_json(command)))


@users.command(help="Create an account. Prompts for the password, or reads it from stdin.")
@click.option("--email", required=True)
@click.option("--username", required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
@click.option("--admin", is_flag=True, help="Make the user an administrator.")
@click.pass_obj
def create(container: Container, email: str, username: str, password_stdin: bool, admin: bool) -> None:
    if password_stdin:
        password = _first_line(sys.stdin.buffer)
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    roles = frozenset({Role.ADMIN}) if admin else frozenset()
    user = container.accounts().create(operator(), username, email, password, roles)
    click.echo(f"Created {user.username} <{user.email}>{' as admin' if admin else ''}.")


def _first_line(stream: IO[bytes]) -> str:
    try:
        return stream.readline().decode("utf-8-sig").rstrip("\r\n")  # PowerShell and editors write a BOM
    except UnicodeDecodeError:
        raise errors.Invalid("password", "Must be in UTF-8.") from None


def _echo_json(page: Page[Any]) -> None:
    click.echo(to_json({"data": [exported(item) for item in page.items], "next": page.next}))


def _echo_next(page: Page[Any]) -> None:
    if page.next:
        click.echo(f"More: --after {page.next}")


@users.command("list", help="List users, newest first, or those that a search finds.")
@click.option("--search", default="", help="The beginning of a username, an address or its domain.")
@paged
@click.pass_obj
def list_users(container: Container, search: str, limit: int, after: UUID | None, as_json: bool) -> None:
    page = container.administration().users(operator(), search, after, limit)
    if as_json:
        return _echo_json(page)
    for user in page.items:
        roles = " ".join(sorted(user.roles)) or "-"
        click.echo(f"{user.created_at:%Y-%m-%d %H:%M}  {roles:8}  {user.username:30}  {user.email}")
    _echo_next(page)


def _user(container: Container, email: str) -> User:
    return container.administration().user_with(operator(), email)


@users.command(help="Show a user.")
@click.argument("email")
@as_json
@click.pass_obj
def show(container: Container, email: str, as_json: bool) -> None:
    shown = show_admin_user(_user(container, email))
    if as_json:
        return click.echo(to_json({"data": shown}))
    for name, value in shown.items():
        click.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


@users.command(help="Give a user a role.")
@click.argument("email")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
@click.pass_obj
def grant(container: Container, email: str, role: str) -> None:
    user = container.administration().grant(operator(), _user(container, email).id, Role(role))
    click.echo(f"{user.email} now has the role {role}.")


@users.command(help="Remove a role from a user.")
@click.argument("email")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
@click.pass_obj
def revoke(container: Container, email: str, role: str) -> None:
    user = container.administration().revoke(operator(), _user(container, email).id, Role(role))
    click.echo(f"{user.email} no longer has the role {role}.")


@users.command(help="Disable a user. Sessions, links and invitations of the user end.")
@click.argument("email")
@click.pass_obj
def disable(container: Container, email: str) -> None:
    user = container.administration().change(operator(), _user(container, email).id, disabled=True)
    click.echo(f"{user.email} is disabled.")


@users.command(help="Enable a disabled user.")
@click.argument("email")
@click.pass_obj
def enable(container: Container, email: str) -> None:
    user = container.administration().change(operator(), _user(container, email).id, disabled=False)
    click.echo(f"{user.email} is enabled.")


@users.command("end-sessions", help="End all sessions of a user.")
@click.argument("email")
@click.pass_obj
def end_sessions(container: Container, email: str) -> None:
    user = container.administration().end_sessions(operator(), _user(container, email).id)
    click.echo(f"All sessions of {user.email} have ended.")


@users.command("two-factor-off", help="Switch two-factor authentication of a user off. The user gets a mail.")
@click.argument("email")
@click.pass_obj
def two_factor_off(container: Container, email: str) -> None:
    user = container.two_factor().switch_off_for(operator(), _user(container, email).id)
    click.echo(f"Two-factor authentication of {user.email} is off.")


@users.command("reset-password", help="Send a user the link to choose a new password.")
@click.argument("email")
@click.pass_obj
def reset_password(container: Container, email: str) -> None:
    user = container.passwords().send_reset(operator(), _user(container, email).id)
    click.echo(f"The link is on its way to {user.email}.")


@users.command("verify-email", help="Send a user the link to verify the address.")
@click.argument("email")
@click.pass_obj
def verify_email(container: Container, email: str) -> None:
    user = container.emails().send_to(operator(), _user(container, email).id)
    told = "is verified already" if user.email_verified else "gets the link"
    click.echo(f"{user.email} {told}.")


@cli.group(help="Teams.")
def teams() -> None: ...


@teams.command("list", help="List teams, newest first.")
@paged
@click.pass_obj
def list_teams(container: Container, limit: int, after: UUID | None, as_json: bool) -> None:
    page = container.administration().teams(operator(), after, limit)
    if as_json:
        shown = [{"id": team.id, "name": team.name, "created_at": team.created_at} for team in page.items]
        return click.echo(to_json({"data": shown, "next": page.next}))
    for team in page.items:
        click.echo(f"{team.created_at:%Y-%m-%d %H:%M}  {team.id}  {team.name}")
    _echo_next(page)


@teams.command("show", help="Show a team and its members.")
@click.argument("id", type=click.UUID)
@paged
@click.pass_obj
def show_one(container: Container, id: UUID, limit: int, after: UUID | None, as_json: bool) -> None:
    team, page = container.administration().team(operator(), id, after, limit)
    if as_json:
        members = [show_member(member) for member in page.items]
        shown = {"id": team.id, "name": team.name, "created_at": team.created_at, "members": members}
        return click.echo(to_json({"data": shown, "next": page.next}))
    click.echo(f"{team.name}, since {team.created_at:%Y-%m-%d %H:%M}")
    for member in page.items:
        click.echo(f"{member.joined_at:%Y-%m-%d %H:%M}  {member.role:6}  {member.username}")
    _echo_next(page)


@cli.group(help="The events of the site.")
def events() -> None: ...


@events.command("list", help="List events, newest first. Times are in UTC, unless they have an offset.")
@click.option("--user", type=click.UUID, help="Only events of the user with this id.")
@click.option("--team", type=click.UUID, help="Only events of the team with this id.")
@click.option("--tag", type=click.Choice(list(TAGS)), help="Only this kind of event.")
@click.option("--since", type=click.DateTime(TIMES), help="Only events from this time on.")
@click.option("--until", type=click.DateTime(TIMES), help="Only events before this time.")
@paged
@click.pass_obj
def list_events(
    container: Container,
    user: UUID | None,
    team: UUID | None,
    tag: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    after: UUID | None,
    as_json: bool,
) -> None:
    filter = EventFilter(
        user_id=user, team_id=team, tag=TAGS[tag] if tag else None, since=_aware(since), until=_aware(until)
    )
    page = container.administration().events_of(operator(), filter, after, limit)
    if as_json:
        shown = [show_admin_event(event) for event in page.items]
        return click.echo(to_json({"data": shown, "next": page.next}))
    for event in page.items:
        by = f" by {event.by}" if event.by else ""
        where = " ".join(part for part in (event.username, event.team, event.ip) if part)
        click.echo(f"{event.created_at:%Y-%m-%d %H:%M}  {event.tag:20}  {where}  {event.sentence}{by}")
    _echo_next(page)


def _aware(moment: datetime | None) -> datetime | None:
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


@cli.group(help="Outgoing mail.")
def mails() -> None: ...


@mails.command(help="Send the mail that is due.")
@click.option("--forever", is_flag=True, help="Run until stopped; delete expired data once an hour.")
@click.pass_obj
def deliver(container: Container, forever: bool) -> None:
    if forever:
        background = Background(container.delivery(), container.housekeeping())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: background.stop())
        background.run()
        return
    delivery, tried = container.delivery(), 0
    while done := delivery.deliver():
        tried += done
    click.echo(f"Tried: {tried}. Waiting: {delivery.backlog().waiting}. Failed: {delivery.backlog().parked}.")


@mails.command("list", help="List mail that is waiting or failed, newest first.")
@paged
@click.pass_obj
def list_mails(container: Container, limit: int, after: UUID | None, as_json: bool) -> None:
    page = container.delivery().undelivered(operator(), after, limit)
    if as_json:
        return _echo_json(page)
    for mail in page.items:
        state = "failed" if mail.parked_at else "waiting"
        when = f"{mail.created_at:%Y-%m-%d %H:%M}"
        click.echo(f"{when}  {state:8}  {mail.kind:20}  {mail.recipient}  {mail.last_error}")
    _echo_next(page)


@cli.command(help="Delete expired sessions, links and limits, and mails delivered a week ago.")
@click.pass_obj
def purge(container: Container) -> None:
    for what, count in container.housekeeping().purge().items():
        click.echo(f"{what}: {count}")


@cli.command(help="Write a backup of the SQLite database to the new file FILE. The server may run.")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(container: Container, file: Path) -> None:
    container.back_up(file)
    click.echo(f"Wrote {file}.")


@cli.command(help="Replace all data of the SQLite database by the backup FILE. The server may run.")
@click.argument("file", type=click.Path(path_type=Path))
@click.confirmation_option(prompt="This replaces all data of the site. Continue?", help="Do not ask.")
@click.pass_obj
def restore(container: Container, file: Path) -> None:
    container.restore(file)
    click.echo(f"Restored {file}.")


if __name__ == "__main__":
    cli(prog_name="python -m entrypoints.cli")
