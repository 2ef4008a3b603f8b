"""Runs the migrations on DATABASE_URL, or with `-x db=test` on TEST_DATABASE_URL.

The revisions of Hexstart are in migrations/hexstart, on the branch `hexstart`. Those of a clone are in
migrations/versions, so both sides can add revisions. `upgrade heads` runs all of them.
"""

import os
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DropTableOp, MigrationScript, ModifyTableOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from adapters.sql.engines import migrating
from adapters.sql.limits import metadata  # imports every table, by way of the unit of work
from adapters.sql.types import Word
from adapters.sql.urls import parsed, words_of
from adapters.sql.wal import check_wal
from domain.errors import Unavailable
from entrypoints import settings
from migrations import again

# Texts are compared byte by byte, as on PostgreSQL. In MySQL's default collation é equals e.
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
    """Render an enumeration as text: a migration must not change when the enumeration changes."""
    return f"sa.String(length={item.impl.length})" if kind == "type" and isinstance(item, Word) else False


def heads_in(folder: str) -> list[str]:
    """The last revisions in this folder of migrations/. There are several after a merge of branches."""
    found = {
        script.revision: script
        for script in context.script.walk_revisions()
        if Path(script.path).parent.name == folder
    }
    return [name for name, script in found.items() if not script.nextrev & found.keys()]


def complete(running: MigrationContext, revision: Any, directives: list[MigrationScript]) -> None:
    """Put a new revision after the last ones of the clone, unless `--head` names another parent.

    Its downgrade drops tables without dropping their indexes before: MySQL refuses that for the index of a
    foreign key.
    """
    for script in directives:
        if script.head in {None, "head"}:
            script.head = heads_in("versions") or "base"
            script.version_path = str(Path(__file__).parent / "versions")
            script.depends_on = heads_in("hexstart")
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
        # SQLite has few forms of ALTER TABLE: Alembic copies the table instead.
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=None if connection.dialect.name == "mysql" else True,
    )
    with context.begin_transaction():
        again.lock(connection)
        context.run_migrations()


def run() -> None:
    given = database_url()
    engine = migrating(given)
    again.prepare(engine)
    try:
        check_wal(given)
        if engine.dialect.name == "sqlite" and engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        connection = engine.connect()
        connection.begin().rollback()  # fails on SQLite when the file cannot be written
    except (DBAPIError, OSError) as error:
        raise settings.refused(f"DATABASE_URL: {words_of(error, engine.url)}") from None
    except Unavailable as error:
        raise settings.refused(f"DATABASE_URL: {error.reason}") from None
    with connection:
        migrate(connection)


def print_sql() -> None:
    """Print the SQL of `upgrade heads --sql`, for a database that only its administrator may change."""
    context.configure(
        url=parsed(database_url())[0], target_metadata=metadata, render_item=render_item, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    run()
