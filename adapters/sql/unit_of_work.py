"""The unit of work over SQL: its stores and its connection. It raises errors of the domain."""

from collections.abc import Mapping
from time import monotonic
from typing import Any, Self

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError, TimeoutError

from adapters.sql.devices import SqlDevices
from adapters.sql.engines import Engines
from adapters.sql.events import SqlEvents
from adapters.sql.failures import RETRY_SECONDS, translated
from adapters.sql.invitations import SqlInvitations
from adapters.sql.links import SqlLinks
from adapters.sql.logins import SqlLogins
from adapters.sql.mails import SqlMails
from adapters.sql.prebuilt import Cursors
from adapters.sql.sessions import SqlSessions
from adapters.sql.teams import SqlTeams
from adapters.sql.tokens import SqlTokens
from adapters.sql.two_factor import SqlTwoFactor
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
        self.mails = SqlMails(self.execute)
        self.devices = SqlDevices(self.execute)
        self.invitations = SqlInvitations(self.execute)
        self.tokens = SqlTokens(self.execute, self.cursors)
        self.logins = SqlLogins(self.execute)
        self.two_factor = SqlTwoFactor(self.execute)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.connection is not None:
            self.connection.close()  # rolls back
            self.connection = None

    def execute(self, statement: Executable, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Run a statement. The first statement opens the connection.

        When that connection is dead, for example after a restart of the server, the first statement is tried
        again on a new one. Nothing is written yet. A check of each connection would take a round trip.
        """
        first, began = self.connection is None, monotonic()
        try:
            if self.connection is None:
                self.connection = self._open(statement)
            return self.connection.execute(statement, values)
        except (DBAPIError, TimeoutError) as error:
            died = isinstance(error, DBAPIError) and error.connection_invalidated
            in_time = monotonic() - began < RETRY_SECONDS
            if not (first and died and in_time and self.connection):
                raise translated(error) from error
        self.__exit__()
        try:
            self.connection = self._open(statement)
        except (DBAPIError, TimeoutError) as error:
            raise translated(error) from error
        return self.execute(statement, values)

    def _open(self, statement: Executable) -> Connection:
        return self.engine.connect()


class SqlUnitOfWork(SqlReading, UnitOfWork):
    def __init__(self, engines: Engines) -> None:
        super().__init__(engines)
        self.engine, self.cursors = engines.writer, None

    def _open(self, statement: Executable) -> Connection:
        connection, seconds = self.engine.connect(), statement.get_execution_options().get("lock_seconds")
        return connection.execution_options(lock_seconds=seconds) if seconds else connection

    def commit(self) -> None:
        try:
            if self.connection is not None:
                self.connection.commit()
        except (DBAPIError, TimeoutError) as error:
            raise translated(error) from error
