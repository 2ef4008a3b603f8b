"""The delivered nginx configuration, in front of the real server. It stops attacks that granian cannot."""

import contextlib
import http.client
import os
import re
import shutil
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import servers
from tests.databases import migrated_database, unavailable
from tests.samples import GOOD_PASSWORD

pytestmark = pytest.mark.alone

SHIPPED = servers.ROOT / "entrypoints/deploy/nginx.conf"
NAME = "app.example.com"
MAIN = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/hexstart.conf;
}}
"""


@dataclass(frozen=True)
class Site:
    """nginx on this machine, for clients from any address of its loopback network."""

    http_port: int
    https_port: int
    trust: ssl.SSLContext

    def plain(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=5) as connection:
            connection.sendall(request)
            return connection.recv(65536)

    def secure(self, source: str = "127.0.0.1", name: str = NAME) -> ssl.SSLSocket:
        connection = socket.create_connection(("127.0.0.1", self.https_port), 5, (source, 0))
        try:
            return self.trust.wrap_socket(connection, server_hostname=name)
        except OSError:
            connection.close()
            raise

    def client(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        client = http.client.HTTPConnection(NAME)
        client.sock = self.secure(source)
        return client

    def ask(
        self, method: str, path: str, body: object = None, source: str = "127.0.0.1", **headers: str
    ) -> servers.Answer:
        with contextlib.closing(self.client(source)) as client:
            return servers.ask(client, method, path, body, **headers)

    def slow_body(self, source: str) -> ssl.SSLSocket:
        """A login whose body of 100 bytes stops after the first."""
        connection = self.secure(source)
        connection.sendall(
            f"POST /api/login HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
            "Content-Length: 100\r\n\r\n{".encode()
        )
        return connection


@contextlib.contextmanager
def nginx_before(upstream: int, folder: Path, streams: int = 0) -> Iterator[Site]:
    """With `streams`, the port of Starlette, the lines for the stream are not commented out."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not sys.platform.startswith("linux"):
        unavailable("needs nginx on Linux")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    self_signed = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()
    self_signed += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    self_signed += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(self_signed, check=True, capture_output=True, timeout=30)

    site = Site(servers.free_port(), servers.free_port(), ssl.create_default_context(cafile=certificate))
    text = "\n".join(line for line in SHIPPED.read_text().splitlines() if "listen [::]" not in line)
    if streams:
        text = re.sub(r"(?m)^( *)#(?=upstream|location|    |})", r"\1", text)
        text = text.replace("127.0.0.1:8001", f"127.0.0.1:{streams}")
    for ours, here in {
        "listen 80": f"listen 127.0.0.1:{site.http_port}",
        "listen 443": f"listen 127.0.0.1:{site.https_port}",
        "server 127.0.0.1:8000": f"server 127.0.0.1:{upstream}",
        "/var/log/nginx/": f"{folder}/",
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(certificate),
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(key),
    }.items():
        assert ours in text
        text = text.replace(ours, here)
    (folder / "hexstart.conf").write_text(text)
    # Without this line root's nginx becomes another user, which may not read pytest's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(user + MAIN.format(folder=folder))

    log = folder / "error.log"
    process = subprocess.Popen([program, "-p", folder, "-e", log, "-c", folder / "nginx.conf"])
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", site.https_port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"nginx does not start: {log.read_text()}")
                time.sleep(0.02)
        yield site
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[str]:
    with migrated_database("sqlite", folder) as url:
        yield url


@pytest.fixture(scope="module")
def site(folder: Path, database: str) -> Iterator[Site]:
    settings = {"BASE_URL": f"https://{NAME}", "TRUSTED_PROXIES": "127.0.0.1", "WORKERS": "1"}
    with servers.running(database, **settings) as server, nginx_before(server.port, folder) as site:
        yield site


def test_a_page_is_served_over_tls_with_hsts(site: Site) -> None:
    answer = site.ask("GET", "/login")
    assert answer.status == 200
    (policy,) = answer.headers.get_all("Strict-Transport-Security", [])
    assert policy.startswith("max-age=")


def test_a_client_cannot_forge_its_ip(site: Site, database: str) -> None:
    person = {"username": "ada", "email": "ada@example.com", "password": GOOD_PASSWORD}
    forged = {"X_Forwarded_For": "203.0.113.9"}
    assert site.ask("POST", "/api/register", person, "127.0.0.8", **forged).status == 201
    with contextlib.closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as stored:
        assert stored.execute("SELECT DISTINCT ip FROM events").fetchall() == [("127.0.0.8",)]


def test_plain_http_is_redirected_to_https(site: Site) -> None:
    answer = site.plain(f"GET /login?next=/settings HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 301 ")
    assert f"\r\nLocation: https://{NAME}/login?next=/settings\r\n".encode() in answer


def test_no_token_is_in_the_access_log(site: Site, folder: Path) -> None:
    token = "tOken-" + "a" * 37
    for path in (f"/verify-email%23{token}", f"/verify-email%2523short-{token[:9]}", f"/x/{token}?q={token}"):
        site.ask("GET", path)
        site.plain(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    log = (folder / "access.log").read_text()
    assert log.count('"GET /verify-email..." 302') == 2
    assert log.count('"GET /x/..." 404') == 1
    assert token[:9] not in log


def test_an_unknown_host_gets_neither_certificate_nor_answer(site: Site) -> None:
    with pytest.raises(ssl.SSLError):
        site.secure(name="evil.example")
    with site.secure() as connection:
        connection.sendall(b"GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        assert connection.recv(1024) == b""
    assert site.plain(b"GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n") == b""
    assert site.plain(b"GET /login HTTP/1.0\r\n\r\n") == b""


def test_a_hundred_slow_bodies_delay_no_request_and_are_answered(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(site.slow_body(f"127.0.0.{2 + n % 4}")) for n in range(100)]
        seconds = []
        for _ in range(20):
            for connection in slow:
                connection.sendall(b" ")
            started = time.monotonic()
            assert site.ask("GET", "/login").status == 200
            seconds.append(time.monotonic() - started)
        assert statistics.median(seconds) < 0.25
        assert max(seconds) < 1
        for connection in slow:
            connection.sendall(b" " * 78 + b"}")
        answers = {connection.recv(65536).split(b"\r\n")[0] for connection in slow}
        assert answers == {b"HTTP/1.1 422 Unprocessable Entity"}


def test_a_body_over_64_kib_is_refused_in_the_shape_of_our_errors(site: Site) -> None:
    largest = b" " * 65536
    assert site.ask("POST", "/api/login", largest).code == 40001
    assert site.ask("POST", "/api/login", largest + b" ").code == 41301
    with contextlib.closing(site.client()) as client:
        client.request("POST", "/api/login", iter([largest, b" "]))  # in chunks, without a length
        assert servers.answer_of(client.getresponse()).code == 41301


def test_an_ip_has_at_most_fifty_requests_at_once(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(site.slow_body("127.0.0.6"))
        answer = site.ask("GET", "/api/user", source="127.0.0.6")
        assert (answer.code, answer.headers["Retry-After"]) == (42901, "1")
        assert site.ask("GET", "/login").status == 200


def test_a_flood_from_one_ip_is_refused_for_that_ip_only(site: Site) -> None:
    with contextlib.closing(site.client("127.0.0.7")) as client:
        codes = {servers.ask(client, "GET", "/api/user").code for _ in range(200)}
    assert codes == {40102, 42901}
    assert site.ask("GET", "/login").status == 200


def test_nginx_answers_in_the_shape_of_our_errors_while_the_application_is_away(tmp_path: Path) -> None:
    with nginx_before(servers.free_port(), tmp_path) as site:
        answer = site.ask("GET", "/api/user")
        assert (answer.code, answer.headers["Retry-After"]) == (50301, "5")
        assert site.ask("GET", "/login").status == 502


def test_a_stream_beside_flask_has_the_same_session(tmp_path: Path) -> None:
    production = {
        "APP_ENV": "production",
        "BASE_URL": f"https://{NAME}",
        "MAIL_URL": "smtp://127.0.0.1:1",
        "LIMITS": "on",
        "BCRYPT_ROUNDS": "10",
        "TRUSTED_PROXIES": "127.0.0.1",
        "WORKERS": "1",
    }
    with (
        migrated_database("sqlite", tmp_path) as url,
        servers.running(url, **production) as flask,
        servers.running(url, **production, ENTRYPOINT="starlette") as starlette,
        nginx_before(flask.port, tmp_path, starlette.port) as site,
        contextlib.closing(site.client()) as client,
    ):
        person = {"username": "ada", "email": "ada@example.com", "password": GOOD_PASSWORD}
        cookie = site.ask("POST", "/api/register", person).cookie
        assert cookie.startswith("__Host-session=")
        client.request("GET", "/api/events/stream", headers={"Cookie": cookie})
        stream = client.getresponse()
        assert stream.status == 200
        assert stream.readline() == b"retry: 5000\n"

        began = time.monotonic()
        assert site.ask("PATCH", "/api/user", {"username": "countess"}, Cookie=cookie).status == 200
        while not (line := stream.readline()).startswith(b"data"):
            pass
        assert b'"username_changed"' in line
        assert time.monotonic() - began < 3

        starlette.end()
        assert site.ask("GET", "/api/events/stream", Cookie=cookie).code == 50301
        assert site.ask("GET", "/api/user", Cookie=cookie).status == 200
