"""Concurrent upgrades wait for each other, and an interrupted upgrade can run again.

SQLite and PostgreSQL run an upgrade in one transaction. MariaDB and MySQL commit each statement: a revision
that was interrupted runs again there, and skips the operations that are done.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops, toimpl

LOCK_SECONDS = 60


def prepare(engine: sa.Engine) -> None:
    """Take SQLite's write lock at BEGIN. The driver alone begins no transaction before CREATE TABLE."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _prepare_sqlite(driver: sqlite3.Connection, record: object) -> None:
    driver.isolation_level = None
    driver.execute(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")


def lock(connection: sa.Connection) -> None:
    """Wait for other upgrades. The lock ends with the transaction, on MySQL with the connection."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('hexstart migrations'))"))
    if connection.dialect.name == "mysql":
        named = "SELECT GET_LOCK(CONCAT('migrations ', MD5(DATABASE())), :seconds)"
        if connection.scalar(sa.text(named), {"seconds": LOCK_SECONDS}) != 1:
            raise SystemExit("Another upgrade of this database is still running. Try again later.")


def has_column(found: sa.Inspector, table: str, name: str) -> bool:
    return found.has_table(table) and name in {column["name"] for column in found.get_columns(table)}


def _index(found: sa.Inspector, table: str, name: Any) -> bool:
    """A unique constraint is an index, too."""
    return found.has_table(table) and name in {index["name"] for index in found.get_indexes(table)}


def _foreign_key(found: sa.Inspector, table: str, name: Any) -> bool:
    return found.has_table(table) and name in {key["name"] for key in found.get_foreign_keys(table)}


# For each operation: the function that runs it, and a test whether it is done already.
OPERATIONS: dict[type[Any], tuple[Callable[..., Any], Callable[[sa.Inspector, Any], bool]]] = {
    ops.CreateTableOp: (toimpl.create_table, lambda found, op: found.has_table(op.table_name)),
    ops.DropTableOp: (toimpl.drop_table, lambda found, op: not found.has_table(op.table_name)),
    ops.RenameTableOp: (toimpl.rename_table, lambda found, op: not found.has_table(op.table_name)),
    ops.CreateIndexOp: (toimpl.create_index, lambda found, op: _index(found, op.table_name, op.index_name)),
    ops.DropIndexOp: (toimpl.drop_index, lambda found, op: not _index(found, op.table_name, op.index_name)),
    ops.AddColumnOp: (toimpl.add_column, lambda found, op: has_column(found, op.table_name, op.column.name)),
    ops.DropColumnOp: (
        toimpl.drop_column,
        lambda found, op: not has_column(found, op.table_name, op.column_name),
    ),
    ops.CreateUniqueConstraintOp: (
        toimpl.create_constraint,
        lambda found, op: _index(found, op.table_name, op.constraint_name),
    ),
    ops.CreateForeignKeyOp: (
        toimpl.create_constraint,
        lambda found, op: _foreign_key(found, op.source_table, op.constraint_name),
    ),
    ops.DropConstraintOp: (
        toimpl.drop_constraint,
        lambda found, op: (
            (op.constraint_type == "unique" and not _index(found, op.table_name, op.constraint_name))
            or (
                op.constraint_type == "foreignkey"
                and not _foreign_key(found, op.table_name, op.constraint_name)
            )
        ),
    ),
}


def _skip_what_is_done(kind: type[Any]) -> None:
    run, done = OPERATIONS[kind]

    @Operations.implementation_for(kind, replace=True)
    def again(operations: Operations, op: Any) -> Any:
        bind = operations.migration_context.bind  # None for --sql
        if bind is not None and bind.dialect.name == "mysql" and done(sa.inspect(bind), op):
            return None
        return run(operations, op)


for kind in OPERATIONS:
    _skip_what_is_done(kind)
