"""A unit of work: a connection for a while, and what goes wrong on it told in the core's words."""

from collections.abc import Mapping
from time import monotonic
from typing import Any, Self

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError

from adapters.sql.engines import PATIENCE_SECONDS, Engines
from adapters.sql.events import SqlEvents
from adapters.sql.failures import conflict, refusal
from adapters.sql.links import SqlLinks
from adapters.sql.outbox import SqlOutbox
from adapters.sql.prebuilt import Cursors
from adapters.sql.sessions import SqlSessions
from adapters.sql.teams import SqlTeams
from adapters.sql.users import SqlUsers
from application.ports import Reading, UnitOfWork


class SqlReading(Reading):
    def __init__(self, engines: Engines) -> None:
        self.engine: Engine = engines.reader
        self.cursors: Cursors | None = engines.cursors
        self.connection: Connection | None = None

    def __enter__(self) -> Self:
        self.users = SqlUsers(self.execute)
        self.sessions = SqlSessions(self.execute, self.cursors)
        self.teams = SqlTeams(self.execute)
        self.events = SqlEvents(self.execute)
        self.links = SqlLinks(self.execute)
        self.outbox = SqlOutbox(self.execute)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.connection is not None:
            self.connection.close()  # closing rolls back
            self.connection = None

    def execute(self, statement: Executable, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Run one statement; the first opens the connection.

        When the first meets one that died in the pool (the server was restarted), it is tried once more on a
        new one: nothing was written yet. That is cheaper than asking every connection first how it is.
        """
        first, began = self.connection is None, monotonic()
        try:
            if self.connection is None:
                self.connection = self.engine.connect()
            return self.connection.execute(statement, values)
        except IntegrityError as error:
            raise conflict(error) or error from error
        except (DBAPIError, TimeoutError) as error:
            died = isinstance(error, DBAPIError) and error.connection_invalidated
            in_time = monotonic() - began < PATIENCE_SECONDS
            if not (first and died and in_time and self.connection):
                raise refusal(error) or error from error
        self.__exit__()
        self.connection = self._connect()
        return self.execute(statement, values)

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except (DBAPIError, TimeoutError) as error:
            raise refusal(error) or error from error


class SqlUnitOfWork(SqlReading, UnitOfWork):
    def __init__(self, engines: Engines) -> None:
        super().__init__(engines)
        self.engine, self.cursors = engines.writer, None

    def commit(self) -> None:
        try:
            if self.connection is not None:
                self.connection.commit()
        except (DBAPIError, TimeoutError) as error:
            raise refusal(error) or error from error
