"""The real server and hostile bytes: lengths, hosts, chunks."""

import json
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from adapters.sql.engines import connect
from tests.bindings import BINDINGS
from tests.databases import migrated_database
from tests.integration.test_processes import a_person, rows_of
from tests.servers import Server, running


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with migrated_database("sqlite", tmp_path_factory.mktemp("db")) as url:
        yield url


@pytest.fixture(scope="module", params=BINDINGS)
def sqlite_server(sqlite_url: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server on SQLite: these answers are the same on every database."""
    with running(sqlite_url, ENTRYPOINT=request.param) as server:
        yield server


def a_request(server: Server, *headers: str, body: bytes = b"", host: str | None = None) -> bytes:
    """The bytes of a registration. `host` replaces the line with the right host."""
    host = f"Host: 127.0.0.1:{server.port}" if host is None else host
    lines = ["POST /api/register HTTP/1.1", host, "Content-Type: application/json", *headers]
    return "\r\n".join(line for line in lines if line).encode() + b"\r\n\r\n" + body


def chunks(body: bytes, size: int = 16_000) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.fixture
def nothing_stored(sqlite_server: Server, sqlite_url: str) -> Iterator[None]:
    """Fails the test if a row was stored, or if the server does not answer any more."""
    engines = connect(sqlite_url)
    before = rows_of(engines)
    yield
    assert not rows_of(engines) - before
    assert sqlite_server.ask("GET", "/api/user").code == 40102
    engines.dispose()


def test_a_body_may_come_in_chunks(sqlite_server):
    body = json.dumps(a_person()).encode()
    assert (
        sqlite_server.raw(a_request(sqlite_server, "Transfer-Encoding: chunked", body=chunks(body, 7))).status
        == 201
    )


@pytest.mark.parametrize("more", [1, 1_000_000])
def test_a_body_over_64_kib_is_refused_with_its_length_and_in_chunks(sqlite_server, nothing_stored, more):
    fits = json.dumps(a_person(email="")).encode().ljust(64 * 1024)
    large = json.dumps(a_person()).encode().ljust(64 * 1024 + more)
    for send in (
        lambda body: a_request(sqlite_server, f"Content-Length: {len(body)}", body=body),
        lambda body: a_request(sqlite_server, "Transfer-Encoding: chunked", body=chunks(body)),
    ):
        assert sqlite_server.raw(send(fits)).code == 42201
        answer = sqlite_server.raw(send(large))
        assert (answer.status, answer.code) == (413, 41301)


def test_a_request_needs_the_host_of_the_site_exactly_once(sqlite_server, nothing_stored):
    own, body = f"Host: 127.0.0.1:{sqlite_server.port}", json.dumps(a_person()).encode()
    for host in (
        "",
        "Host:",
        "Host: evil.example",
        f"{own}\r\n{own}",
        f"{own}\r\nHost: evil.example",
        f"Host: evil.example\r\n{own}",
        f"{own}@evil.example",
        f"Host: evil.example:{sqlite_server.port}",
    ):
        answer = sqlite_server.raw(
            a_request(sqlite_server, f"Content-Length: {len(body)}", body=body, host=host)
        )
        assert answer.code == 40002, host


def test_a_length_beside_chunks_smuggles_nothing(sqlite_server, nothing_stored):
    """The chunks count and the connection ends, one of the two answers that RFC 9112, 6.1 allows."""
    hidden = a_request(sqlite_server, "Content-Length: 2", body=b"{}")
    one = a_request(
        sqlite_server, "Transfer-Encoding: chunked", "Content-Length: 5", body=chunks(b"[]") + hidden
    )
    with closing(sqlite_server.client()) as client:
        client.connect()
        client.sock.sendall(one)
        received = b""
        with suppress(ConnectionResetError):
            while more := client.sock.recv(65536):
                received += more
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"username":', b"}")])
def test_nesting_of_5000_levels_is_not_json(sqlite_server, nothing_stored, opening, closing):
    body = opening * 5000 + b"1" + closing * 5000
    assert (
        sqlite_server.raw(a_request(sqlite_server, f"Content-Length: {len(body)}", body=body)).code == 40001
    )


def test_invalid_or_huge_requests_are_refused(sqlite_server, nothing_stored):
    own = f"Host: 127.0.0.1:{sqlite_server.port}\r\n".encode()
    for size in (5_000, 100_000, 1_000_000):
        filling = b"a" * size
        for request in (
            b"GET /api/%b HTTP/1.1\r\n%b\r\n" % (filling, own),
            b"GET /api/user?%b HTTP/1.1\r\n%b\r\n" % (filling, own),
            b"GET /api/user HTTP/1.1\r\n%bX-Large: %b\r\n\r\n" % (own, filling),
            b"GET /api/user HTTP/1.1\r\n%bCookie: session=%b\r\n\r\n" % (own, filling),
            b"GET /api/user HTTP/1.1\r\n%b%b\r\n" % (own, b"X-Many: a\r\n" * (size // 10)),
        ):
            answer = sqlite_server.raw(request)
            assert answer is None or 400 <= answer.status < 500
    for request in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"GET /api/user\0 HTTP/1.1\r\n%b\r\n" % own,
        b"GET /api/\xff HTTP/1.1\r\n%b\r\n" % own,
        b"GET /api/user HTTP/1.1\r\n%bX-Nul: \0\r\n\r\n" % own,
        a_request(sqlite_server, "Content-Length: -1", body=b"{}"),
        a_request(sqlite_server, "Content-Length: 2", "Content-Length: 3", body=b"{}"),
        a_request(sqlite_server, "Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n"),
        a_request(sqlite_server, "Transfer-Encoding: gzip", body=b"{}"),
    ):
        assert 400 <= sqlite_server.raw(request).status < 500
