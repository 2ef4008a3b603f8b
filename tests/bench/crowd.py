"""The same requests with a million users and with a thousand."""

import contextlib
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import psycopg

from tests.bench import load, servers
from tests.bench.report import Row, detail, judge, middle_of_pairs
from tests.bench.servers import SQLITE

FEW, MANY, PAIRS, SECONDS = 1_000, 1_000_000, 4, 1.5

# The path and the connections of each job. All users have the common beginning, and the same domain.
JOBS = {
    "authenticated GET": ("/api/user", 16),
    "list of users": ("/admin", 4),
    "search for a user": ("/admin?q=person0000500", 4),
    "search for a common beginning": ("/admin?q=person", 4),
    "search for a domain": ("/admin?q=@example.com", 4),
}


def rates_with_a_million_users(kind: str) -> list[Row]:
    rows = []
    with crowd_of(MANY, kind) as many, crowd_of(FEW, kind) as few:
        for job, (path, connections) in JOBS.items():
            rates: dict[str, list[float]] = {f"{job} with {size:,} users": [] for size in (MANY, FEW)}
            for turn in range(PAIRS + 1):
                for each, (port, administrator, users) in zip(rates.values(), (many, few), strict=True):
                    cookies = [administrator] if path.startswith("/admin") else users
                    requests = [load.request("GET", path, port, cookie) for cookie in cookies]
                    rate = load.run(port, requests, connections, SECONDS).rate()
                    if turn:  # the first fills the caches
                        each.append(rate)
            detail(rates, "a second")
            kept = middle_of_pairs(*rates.values()) * 100
            name = f"{job}: rate with {MANY:,} users against {FEW:,}, {kind}"
            rows.append(judge(name, kept, "at least", 90, "{:.0f} %"))
    return rows


@contextlib.contextmanager
def crowd_of(size: int, kind: str) -> Iterator[tuple[int, str, list[str]]]:
    """The port of a server with that many users, the cookie of an administrator, and those of FEW users."""
    with servers.database(kind) as url:
        with servers.product(url) as server:
            (cookie,) = servers.register(server, 1).values()
        fill(url, kind, size)
        with servers.product(url) as server:
            # The cookie's name holds the port, which is another one now.
            secrets = [cookie.partition("=")[2], *map(secret, range(1, size + 1, size // FEW))]
            administrator, *users = [f"session-{server.port}={each}" for each in secrets]
            yield server.port, administrator, users


def fill(url: str, kind: str, size: int) -> None:
    """Make the only user an administrator, then copy the user and the session `size` times."""
    lite = kind == SQLITE
    place = url.removeprefix("sqlite:///").replace("+psycopg", "")
    database: Any = sqlite3.connect(place) if lite else psycopg.connect(place, autocommit=True)
    with contextlib.closing(database):
        if lite:
            database.execute("PRAGMA cache_size = -400000")  # of KiB: an index of hashes is filled at random
        database.execute("INSERT INTO user_roles (user_id, role) SELECT id, 'admin' FROM users")
        for table in ("users", "sessions"):
            cursor = database.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            one = dict(zip(names, cursor.fetchone(), strict=True))
            copies = (one | differences(number, one) for number in range(1, size + 1))
            rows = ([copy[name] for name in names] for copy in copies)
            if lite:
                database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
            else:
                with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as stream:
                    for row in rows:
                        stream.write_row(row)
        database.commit()
        if not lite:  # else the database would do both while it is measured
            database.execute("VACUUM ANALYZE")
            database.execute("CHECKPOINT")


def differences(number: int, one: dict[str, Any]) -> dict[str, Any]:
    """The values that differ in each copy. Those without a column in the table are not used."""
    id, name = f"0190{number:08x}70008000{number:012x}", f"person{number:07}"  # a UUIDv7 of the past
    own = dict.fromkeys(("id", "user_id"), id) | dict.fromkeys(("username", "username_key"), name)
    own |= dict.fromkeys(("email", "email_key"), f"{name}@example.com") | {"email_domain_key": "example.com"}
    # Used so late that no GET stores the use of the session.
    used = {"last_seen_at": one.get("expires_at")}
    return own | used | {"secret_hash": sha256(secret(number).encode()).hexdigest()}


def secret(number: int) -> str:
    return f"{'s' * 36}{number:07}"
