"""A million people: the product's own tables filled in bulk by cloning one person who registered."""

import time
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text

from tests.bench import load, product
from tests.bench.databases import KINDS
from tests.bench.product import Bench
from tests.bench.reads import CONNECTIONS
from tests.bench.report import NotRun, median, spread
from tests.bench.servers import Server

FEW, MANY = 1_000, 1_000_000
SESSIONS = 1_000  # the requests are spread over this many people, picked evenly from all of them
PREFIX = "s" * 36  # what the n-th person's secret begins with; its number in seven digits follows

# How the n-th person differs from the first. Every other column is copied, so a new one needs a line here
# only when two people may not have the same in it.
DIFFERENT = {
    "users": {
        "id": "{id}",
        "username": "{name}",
        "username_key": "{name}",
        "email": "{name} || '@example.com'",
    },
    "sessions": {
        "id": "{id}",
        "user_id": "{id}",
        "secret_hash": "{secret_hash}",
        "last_seen_at": "one.expires_at",  # so late that no request writes down that it was seen
    },
    "teams": {"id": "{id}"},
    "memberships": {"team_id": "{id}", "user_id": "{id}"},
    "events": {"id": "{id}", "user_id": "{id}", "actor_id": "{id}"},
}

# The n-th id is the same in every table.
SQLITE_SQL = {
    "numbers": "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < :size)",
    "id": "printf('0190%08x70008000%012x', n, n)",
    "name": "'person' || n",
    "secret_hash": "hash_of_secret(n)",
}
POSTGRESQL_SQL = {
    "numbers": "WITH many(n) AS (SELECT generate_series(1, :size))",
    "id": "('0190' || lpad(to_hex(n), 8, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid",
    "name": "'person' || n::text",
    "secret_hash": f"encode(sha256(('{PREFIX}' || lpad(n::text, 7, '0'))::bytea), 'hex')",
}

# Who may leaves out to look up, a million times, what a row belongs to: it is the clone of one that does.
WITHOUT_FOREIGN_KEYS = text(
    "SELECT set_config('session_replication_role', 'replica', true) "
    "FROM pg_user WHERE usename = current_user AND usesuper"
)


def crowd(bench: Bench) -> None:
    """The rate of authenticated GETs with 1,000,000 users, against 1,000."""
    for kind in KINDS:
        many = MANY // 10 if bench.quick else MANY
        job = f"authenticated GET with {many:,} users, of the rate with {FEW:,}, {kind}"
        try:
            _crowd(bench, kind, job, many)
        except NotRun as reason:
            bench.report.could_not(job, str(reason))
        finally:
            bench.stop()
            bench.databases.drop()


def _crowd(bench: Bench, kind: str, job: str, many: int) -> None:
    rivals: list[tuple[Server, list[str]]] = []
    filling = 0.0
    for size in (FEW, many):
        url = bench.migrated(kind)
        server = bench.serve(url)
        ((_, cookie),) = product.register(server, 1)
        bench.stop(server)
        began = time.monotonic()
        fill(url, size)
        filling = time.monotonic() - began
        server = bench.serve(url)
        name = cookie.partition("=")[0]
        rivals.append(
            (
                server,
                [
                    load.request("GET", "/api/user", server.port, f"{name}={secret(n)}")
                    for n in range(1, size + 1, size // SESSIONS)
                ],
            )
        )
    for server, requests in rivals:
        load.run(server.port, requests, CONNECTIONS, bench.seconds(2)).only(200)
    rates: list[list[float]] = [[], []]
    costs: list[list[float]] = [[], []]
    for _ in range(bench.times(5)):
        for place, (server, requests) in enumerate(rivals):
            before = server.cpu()
            outcome = load.run(server.port, requests, CONNECTIONS, bench.seconds(2)).only(200)
            rates[place].append(outcome.rate)
            costs[place].append((server.cpu() - before) / outcome.done)
    kept = median(large / small for small, large in zip(*rates, strict=True)) * 100
    bench.report.result(job, f"{kept:.0f} %", ">= 90 %", kept >= 90)
    bench.report.note(
        f"{spread(rates[1])} a second against {spread(rates[0])}; CPU {spread(costs[1], 1e6)} us "
        f"against {spread(costs[0], 1e6)}; filled in {filling:.0f} s"
    )


def secret(n: int) -> str:
    return f"{PREFIX}{n:07}"


def fill(url: str, size: int) -> None:
    """Clone the only person there is `size` times."""
    engine = _engine(url)
    lite = engine.dialect.name == "sqlite"
    metadata = MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection)
        if not lite:
            connection.execute(WITHOUT_FOREIGN_KEYS)
        for table in metadata.sorted_tables:
            if table.name in DIFFERENT:
                names = [column.name for column in table.columns]
                _clone(connection, table.name, names, SQLITE_SQL if lite else POSTGRESQL_SQL, size)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for command in (
            ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)") if lite else ("VACUUM ANALYZE", "CHECKPOINT")
        ):
            connection.execute(text(command))
    engine.dispose()


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        def prepare(connection: Any, _: object) -> None:
            connection.create_function("hash_of_secret", 1, lambda n: sha256(secret(n).encode()).hexdigest())
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA cache_size = -200000")

        event.listen(engine, "connect", prepare)
    return engine


def _clone(connection: Connection, table: str, names: list[str], sql: dict[str, str], size: int) -> None:
    different = {name: expression.format_map(sql) for name, expression in DIFFERENT[table].items()}
    values = ", ".join(different.get(name, f"one.{name}") for name in names)
    connection.execute(
        text(
            f"INSERT INTO {table} ({', '.join(names)}) {sql['numbers']} "
            f"SELECT {values} FROM many, (SELECT * FROM {table} LIMIT 1) AS one"
        ),
        {"size": size},
    )
