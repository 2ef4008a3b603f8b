"""Exports to clients that read slowly, from the real server."""

import json
import socket
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.sql.engines import connect
from adapters.sql.sessions import sessions
from tests.bindings import BINDINGS
from tests.databases import migrated_database
from tests.integration.conftest import ADA
from tests.integration.test_emails import EVE
from tests.integration.test_volume import fill
from tests.servers import running

EVENTS = 10_000


@pytest.mark.parametrize("entrypoint", BINDINGS)
def test_slow_readers_of_exports_hold_no_connection(tmp_path, entrypoint):
    with (
        migrated_database("sqlite", tmp_path) as url,
        running(url, WORKERS="1", ENTRYPOINT=entrypoint) as server,
    ):
        cookie = server.ask("POST", "/api/register", ADA).cookie
        engines = connect(url)
        with engines.reader.connect() as connection:
            user_id = connection.scalar(select(sessions.c.user_id))
        fill(engines, user_id, EVENTS, ["events"])
        engines.dispose()

        asked = f"GET /api/user/export HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookie}\r\n\r\n"
        readers = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(12)]
        for reader in readers:  # more than a worker has connections
            reader.sendall(asked.encode())
            beginning = reader.recv(500).lower()
            assert b" 200 ok" in beginning and b"content-length: " in beginning
        assert server.ask("POST", "/api/register", EVE).status == 201
        for reader in readers:
            reader.close()

        whole = server.ask("GET", "/api/user/export", cookie=cookie)
        assert int(whole.headers["Content-Length"]) == len(whole.body)
        assert len(json.loads(whole.body)["data"]["events"]) == EVENTS + 14
        [worker] = server.workers()
        assert memory_of(worker) < 250


def memory_of(process):
    """The peak memory of the process in megabytes (on Linux)."""
    [line] = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) // 1024
