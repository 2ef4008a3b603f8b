"""Users, teams and events of an imagined company, for development: `make demo`. The use cases write them.

So the data is what real users would leave behind. The clock runs through the last 90 days.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from application.ports import Mailer
from domain.access import Operator, SignedIn, TeamRole
from domain.mails import Mail
from domain.sessions import Client, WrongCredentials
from domain.tokens import Scope
from domain.users import Role
from entrypoints import logs, settings
from entrypoints.container import Container
from entrypoints.settings import Settings

PASSWORD = "velvet otter lantern"
DAYS = 90

TEAMS = ["Harbour Bakery", "Northwind Cycles", "Studio Lindqvist", "Okafor & Partners"]
# The first of them is an administrator of the site. The first four each begin a team.
PEOPLE = [
    *("Amara Okafor", "Jonas Lindqvist", "Mei Tanaka", "Carlos Rivera", "Priya Raman", "Tom Becker"),
    *("Leila Haddad", "Sofia Rossi", "Kwame Mensah", "Ingrid Dahl", "Mateo Silva", "Hannah Weiss"),
    *("Yusuf Demir", "Chloe Martin", "Andrei Popescu", "Grace Kimani", "Oscar Nilsson", "Nadia Petrova"),
    *("Liam Murphy", "Aisha Bello", "Pavel Novak", "Elena Costa", "Ravi Menon", "Freya Olsen"),
    *("Diego Torres", "Zoe Laurent", "Samuel Adeyemi", "Katya Ivanova", "Noah Fischer", "Fatima Zahra"),
    *("Victor Hugosson", "Emily Clarke", "Hiro Sato", "Lucia Moreno", "Anton Berg", "Marta Kowalska"),
]
# They are invited today and have not registered yet.
INVITED = ["Peter Lang", "Rosa Delgado", "Ines Duarte", "Bo Andersen", "Olga Marsh"]
DEVICES = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.4 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36",
]


class Unread(Mailer):
    """Takes each mail, and sends none."""

    def send(self, mail: Mail) -> None: ...


class Demo:
    def __init__(self, chosen: Settings) -> None:
        self.moment = datetime.now(UTC)
        self.secrets: list[str] = []
        # Cheap hashes: a login replaces its hash by one of the chosen cost.
        quick = chosen.model_copy(update={"limits": "off", "bcrypt_rounds": 4})
        self.container = Container(
            settings=quick, now=lambda: self.moment, new_secret=self._new_secret, mailer=Unread()
        )
        self.operator = Operator(Client("", "make demo"), "make demo")
        self.teams: list[UUID] = []

    def _new_secret(self) -> str:
        self.secrets.append(secrets.token_urlsafe(32))
        return self.secrets[-1]

    def fill(self) -> None:
        """For an empty database."""
        now = self.moment
        plan: list[tuple[float, Callable[[], object]]] = []
        for number, name in enumerate(PEOPLE):
            ago = DAYS * (1 - number / len(PEOPLE))
            plan.append((ago, partial(self.join, number, name)))
            # Later visits come closer together. The last one is of today, from another device.
            plan += [(ago / part, partial(self.visit, number, name)) for part in (2, 5, 15)]
            plan.append((0.02 + number / 100, partial(self.visit, number + 1, name)))
        for number, name in enumerate(INVITED):
            plan.append((0.5 - number / 20, partial(self.invite, number, name)))
        plan.append((0.01, self.end))
        for ago, act in sorted(plan, key=lambda step: -step[0]):
            self.moment = now - timedelta(days=ago)
            act()
        self.moment = now
        while self.container.delivery().deliver():
            pass

    def join(self, number: int, name: str) -> None:
        founds = number < len(TEAMS)
        token = "" if founds else self.invite(number, name)
        actor, secret = self.container.accounts().register(
            username_of(name), address_of(name), PASSWORD, replacing=None, client=client_of(number)
        )
        sent = next(made for made in reversed(self.secrets) if made != secret)
        if number % 5:
            self.container.emails().verify(sent, actor.client)
        if token:
            self.container.invitations().accept(actor, token)
        if founds:
            team, _ = self.container.teams().create(actor, TEAMS[number])
            self.teams.append(team.id)
            self.container.tokens().create(actor, "Weekly report", Scope.READ, None, PASSWORD)
        if number == 0:
            self.container.administration().grant(self.operator, actor.id, Role.ADMIN)

    def invite(self, number: int, name: str) -> str:
        """The owner of a team invites the address. Return the token of the link."""
        place = number % len(TEAMS)
        owner = self.visit(place, PEOPLE[place])
        role = TeamRole.ADMIN if number // len(TEAMS) == 1 else TeamRole.MEMBER
        self.container.invitations().invite(owner, self.teams[place], address_of(name), role)
        return self.secrets[-1]

    def visit(self, number: int, name: str) -> SignedIn:
        client = client_of(number)
        if number % 7 == 6:
            with suppress(WrongCredentials):
                self.log_in(name, "a wrong password", client)
        return self.log_in(name, PASSWORD, client)

    def log_in(self, name: str, password: str, client: Client) -> SignedIn:
        actor, _ = self.container.sessions().login(
            address_of(name), password, remember=True, replacing=None, client=client
        )
        assert isinstance(actor, SignedIn)  # noqa: S101  (no second factor is set up)
        return actor

    def end(self) -> None:
        """A user has changed the username, and another one is disabled."""
        accounts, administration = self.container.accounts(), self.container.administration()
        accounts.rename(self.visit(5, PEOPLE[5]), "tommy")
        administration.change(
            self.operator, administration.user_with(self.operator, address_of(PEOPLE[-1])).id, disabled=True
        )


def username_of(name: str) -> str:
    return name.split()[0].lower()


def address_of(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@example.org"  # a domain for examples (RFC 2606)


def client_of(number: int) -> Client:
    return Client(f"198.51.100.{number + 10}", DEVICES[number % len(DEVICES)])  # for examples (RFC 5737)


def main() -> None:
    chosen = settings.load()
    logs.configure("text")
    if chosen.production:
        raise SystemExit("The demo is for development, and APP_ENV is production.")
    demo = Demo(chosen)
    if demo.container.administration().users(demo.operator, "", None, 1).items:
        raise SystemExit("The demo needs an empty database, and DATABASE_URL has users.")
    demo.fill()
    print(f"{len(PEOPLE)} users in {len(TEAMS)} teams. Each has the password: {PASSWORD}")
    print(f"The administrator is {address_of(PEOPLE[0])}.")


if __name__ == "__main__":
    main()
