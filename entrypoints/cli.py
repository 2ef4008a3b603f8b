"""The command line for the operator. It calls the same use cases as the site.

Exit codes: 0 done, 1 a bug of ours or wrong settings, 2 wrong usage (click), others in EXIT.
"""

import logging
import signal
import sys
from collections.abc import Callable
from typing import IO, Any
from uuid import UUID

import click

from domain import errors
from domain.access import PERMISSIONS, TEAM_PERMISSIONS, Operator, Permission, TeamPermission
from domain.paging import Page
from domain.personal import exported
from domain.sessions import Client
from domain.users import Role
from entrypoints import logs, settings, site
from entrypoints.api.http import to_json
from entrypoints.background import Background
from entrypoints.container import Container, opened

EXIT: dict[type[errors.DomainError], int] = {
    errors.Invalid: 3,
    errors.NotAuthenticated: 4,
    errors.Forbidden: 5,
    errors.NotFound: 6,
    errors.Conflict: 7,
    errors.Gone: 8,
    errors.TooManyAttempts: 9,
    errors.Unavailable: 10,
}
LONGEST_LIST = 100

OPERATOR = Operator(Client(ip="", user_agent="command line"))


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
@click.pass_context
def cli(ctx: click.Context) -> None:
    if ctx.obj is None and ctx.invoked_subcommand != access.name:
        chosen = settings.load()
        logs.configure("text")
        logging.getLogger("adapters.sql").setLevel(logging.ERROR)  # the command prints the reason itself
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


@cli.group(help="User accounts.")
def users() -> None: ...


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("as_json", "--json", is_flag=True, help="Print JSON.")(command)


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
    user = container.accounts().create(OPERATOR, username, email, password, roles)
    click.echo(f"Created {user.username} <{user.email}>{' as admin' if admin else ''}.")


def _first_line(stream: IO[bytes]) -> str:
    try:
        return stream.readline().decode("utf-8-sig").rstrip("\r\n")  # PowerShell and editors write a BOM
    except UnicodeDecodeError:
        raise errors.Invalid("password", "Must be in UTF-8.") from None


def _echo_json(page: Page[Any]) -> None:
    click.echo(to_json({"data": [exported(item) for item in page.items], "next": page.next}))


@users.command("list", help="List users, newest first.")
@click.option("--search", default="", help="Only users whose email or username contains this text.")
@click.option("--limit", default=LONGEST_LIST, type=click.IntRange(1, LONGEST_LIST), show_default=True)
@click.option("--after", type=click.UUID, help="Continue after this id.")
@as_json
@click.pass_obj
def list_users(container: Container, search: str, limit: int, after: UUID | None, as_json: bool) -> None:
    page = container.administration().users(OPERATOR, search, after, limit)
    if as_json:
        return _echo_json(page)
    for user in page.items:
        roles = " ".join(sorted(user.roles)) or "-"
        click.echo(f"{user.created_at:%Y-%m-%d %H:%M}  {roles:8}  {user.username:30}  {user.email}")
    if page.next:
        click.echo(f"More: --after {page.next}")


@users.command(help="Give a user a role.")
@click.argument("email")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
@click.pass_obj
def grant(container: Container, email: str, role: str) -> None:
    user = container.administration().grant(OPERATOR, email, Role(role))
    click.echo(f"{user.email} now has the role {role}.")


@users.command(help="Remove a role from a user.")
@click.argument("email")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
@click.pass_obj
def revoke(container: Container, email: str, role: str) -> None:
    user = container.administration().revoke(OPERATOR, email, Role(role))
    click.echo(f"{user.email} no longer has the role {role}.")


@users.command("reset-password", help="Send a user the link to choose a new password.")
@click.argument("email")
@click.pass_obj
def reset_password(container: Container, email: str) -> None:
    user = container.passwords().send_reset(OPERATOR, email)
    click.echo(f"The link is on its way to {user.email}.")


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
@click.option("--limit", default=LONGEST_LIST, type=click.IntRange(1, LONGEST_LIST), show_default=True)
@click.option("--after", type=click.UUID, help="Continue after this id.")
@as_json
@click.pass_obj
def list_mails(container: Container, limit: int, after: UUID | None, as_json: bool) -> None:
    page = container.delivery().undelivered(OPERATOR, after, limit)
    if as_json:
        return _echo_json(page)
    for mail in page.items:
        state = "failed" if mail.parked_at else "waiting"
        when = f"{mail.created_at:%Y-%m-%d %H:%M}"
        click.echo(f"{when}  {state:8}  {mail.kind:20}  {mail.recipient}  {mail.last_error}")
    if page.next:
        click.echo(f"More: --after {page.next}")


@cli.command(help="Delete expired sessions, links and limits, and mails delivered a week ago.")
@click.pass_obj
def purge(container: Container) -> None:
    for what, count in container.housekeeping().purge().items():
        click.echo(f"{what}: {count}")


if __name__ == "__main__":
    cli(prog_name="python -m entrypoints.cli")
