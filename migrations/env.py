"""Runs the migrations on DATABASE_URL, or with `-x db=test` on TEST_DATABASE_URL.

The product's own revisions are in migrations/hexstart, on the branch `hexstart`. Those of a clone are in
migrations/versions, on the branch `app`, so that both sides can add revisions.
"""

import os
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DropTableOp, MigrationScript, ModifyTableOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, pool

from adapters.sql.engines import understood
from adapters.sql.limits import metadata  # imports every table, by way of the unit of work
from adapters.sql.types import Word
from adapters.sql.wal import check_wal
from domain.errors import Unavailable
from entrypoints import settings

# Compared byte by byte: in MySQL's own collations é equals e, and UNIQUE would differ from PostgreSQL's.
for table in metadata.tables.values():
    table.dialect_kwargs.update(mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def database_url() -> str:
    given = context.config.attributes.get("database_url")
    if given:
        return str(given)
    if context.get_x_argument(as_dictionary=True).get("db") == "test":
        if "TEST_DATABASE_URL" not in os.environ:
            raise SystemExit("TEST_DATABASE_URL is missing: -x db=test migrates that database")
        return settings.load(database_url=os.environ["TEST_DATABASE_URL"]).database_url
    return settings.load().database_url


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Migrations must not change when an enumeration does."""
    return f"sa.String(length={item.impl.length})" if kind == "type" and isinstance(item, Word) else False


def complete(running: MigrationContext, revision: Any, directives: list[MigrationScript]) -> None:
    """Puts a new revision on the branch of the clone. It drops tables whole, with their indexes: MySQL refuses
    to drop an index that a foreign key needs."""
    scripts = context.script
    begun = any("app" in script.branch_labels for script in scripts.walk_revisions())
    for script in directives:
        script.head = "app@head" if begun else "base"
        script.branch_label = None if begun else "app"
        script.version_path = str(Path(__file__).parent / "versions")
        script.depends_on = [scripts.get_revision("hexstart@head").revision]
        down = script.downgrade_ops
        dropped = {op.table_name for op in down.ops if isinstance(op, DropTableOp)}
        down.ops = [
            op for op in down.ops if not (isinstance(op, ModifyTableOps) and op.table_name in dropped)
        ]


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        process_revision_directives=complete,
        # SQLite cannot alter most things: Alembic copies the table instead.
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    given = database_url()
    url = understood(given)
    try:
        check_wal(given)
    except Unavailable as error:
        raise SystemExit(f"DATABASE_URL: {error.reason}") from None
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # An engine of its own: changing a large table may take longer than a request.
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        migrate(connection)


def print_sql() -> None:
    """`alembic upgrade heads --sql`: for a database that only its administrator may change."""
    context.configure(
        url=understood(database_url()), target_metadata=metadata, render_item=render_item, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    run()
