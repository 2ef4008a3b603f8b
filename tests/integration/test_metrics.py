"""The metrics of a server with two workers, and the board that shows them."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.bindings import BINDINGS
from tests.databases import migrated_database
from tests.integration.test_sqlite_file import new_user
from tests.integration.test_start import refused_start
from tests.servers import ROOT, Server, environment, free_port, running, until

BOARD = ROOT / "entrypoints/deploy/grafana.json"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with migrated_database("sqlite", tmp_path) as url:
        yield url


@contextmanager
def measured(url: str, **settings: str) -> Iterator[tuple[Server, int]]:
    """A server with metrics, and their port."""
    port = free_port()
    with running(url, METRICS=f"127.0.0.1:{port}", **settings) as server:
        until(lambda: answer(port) is not None, "the metrics are not served")
        yield server, port


def answer(port: int) -> str | None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
        try:
            client.request("GET", "/metrics")
            response = client.getresponse()
        except OSError:
            return None
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain")
        return response.read().decode()


def scraped(port: int) -> Samples:
    text = answer(port)
    assert text is not None
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: object) -> float | None:
    return samples.get((name, frozenset((key, str(value)) for key, value in labels.items())))


def counted(port: int) -> dict[tuple[str, str], float]:
    """The number of requests by row and status, without those of the start."""
    return {
        (dict(labels)["row"], dict(labels)["status"]): value
        for (name, labels), value in scraped(port).items()
        if name == "hexstart_request_seconds_count" and ("row", "GET /health/live") not in labels
    }


def until_counted(port: int, row: str, status: int, number: int) -> None:
    until(lambda: counted(port).get((row, str(status))) == number, f"{row} is not counted")


@pytest.mark.parametrize("binding", BINDINGS)
def test_requests_of_all_workers_are_counted_by_row_and_status(url, binding, tmp_path):
    with measured(url, ENTRYPOINT=binding, TMPDIR=str(tmp_path)) as (server, port):
        expected = {
            ("POST /api/register", "201"): 1,
            ("GET /api/teams", "200"): 1,
            ("GET /api/teams/<id>", "200"): 20,
            ("GET /api/teams/<id>", "404"): 20,
            ("other", "404"): 20,
            ("GET /api/user", "200"): 1,
        }
        cookie = server.ask("POST", "/api/register", new_user()).cookie
        [team] = server.ask("GET", "/api/teams", cookie=cookie).json["data"]
        for _ in range(20):
            assert server.ask("GET", f"/api/teams/{team['id']}", cookie=cookie).status == 200
            assert server.ask("GET", f"/api/teams/{uuid4()}", cookie=cookie).status == 404
            assert server.ask("GET", f"/api/{uuid4()}?a=b").status == 404
        assert server.ask("HEAD", "/api/user", cookie=cookie).status == 200
        until(lambda: counted(port) == expected, "they are not counted")
        assert len(list(tmp_path.glob("hexstart-metrics-*/histogram_*"))) == 2  # both workers had some
        found = scraped(port)
    seconds = of(found, "hexstart_request_seconds_sum", row="POST /api/register", status=201)
    assert seconds is not None and 0 < seconds < 10


@pytest.mark.flask_only
def test_pages_and_files_are_counted_too(url):
    with measured(url) as (server, port):
        for path in ("/login", "/login?next=/teams", "/static/site.css", "/settings"):
            server.ask("GET", path)
        until_counted(port, "GET /login", 200, 2)
        until_counted(port, "static", 200, 1)
        until_counted(port, "GET /settings", 302, 1)


def test_a_refused_attempt_is_counted_by_its_limit(url):
    with measured(url, LIMITS="on") as (server, port):
        wrong = {"email": "ada@example.org", "password": "wrong horse battery"}
        statuses = [server.ask("POST", "/api/login", wrong).status for _ in range(13)]
        assert statuses == [401] * 10 + [429] * 3
        assert of(scraped(port), "hexstart_limits_hit_total", limit="login") == 3
        until_counted(port, "POST /api/login", 429, 3)


def test_mails_that_wait_are_counted(url):
    dead = f"smtp://127.0.0.1:{free_port()}"
    with measured(url, MAIL_URL=dead) as (server, port):
        assert of(scraped(port), "hexstart_mails", state="waiting") == 0
        for _ in range(3):
            server.ask("POST", "/api/register", new_user())
        until(lambda: of(scraped(port), "hexstart_mails", state="waiting") == 3, "the mails are not counted")
        assert of(scraped(port), "hexstart_mails", state="failed") == 0


def test_while_the_database_is_away_the_other_metrics_are_served(url, tmp_path):
    with measured(url) as (server, port):
        for path in tmp_path.glob("*.db"):
            path.write_bytes(b"x" * 10_000)
        until(lambda: of(scraped(port), "hexstart_mails", state="waiting") is None, "mails are still counted")
        assert server.ask("GET", "/health/ready").status == 503
        until_counted(port, "GET /health/ready", 503, 1)


def test_the_hashing_queue_is_counted(url):
    with measured(url, BCRYPT_ROUNDS="13") as (server, port), ThreadPoolExecutor(6) as crowd:
        wrong = {"email": "ada@example.org", "password": "wrong horse battery"}
        asked = [crowd.submit(server.ask, "POST", "/api/login", wrong) for _ in range(6)]
        until(lambda: (of(scraped(port), "hexstart_hashing_queue") or 0) >= 3, "the queue is not counted")
        assert {one.result(30).status for one in asked} == {401}
        until(lambda: of(scraped(port), "hexstart_hashing_queue") == 0, "the queue is still counted")


def test_connections_in_use_are_counted(url, tmp_path):
    [file] = tmp_path.glob("*.db")
    with measured(url) as (server, port), ThreadPoolExecutor(4) as crowd:

        def used() -> float:
            return of(scraped(port), "hexstart_connections", pool="writer") or 0

        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            asked = [crowd.submit(server.ask, "POST", "/api/register", new_user()) for _ in range(4)]
            until(lambda: used() >= 4, "they do not wait")  # the delivery of mail may wait, too
            other.execute("ROLLBACK")
        assert {one.result(30).status for one in asked} == {201}
        until(lambda: used() == 0, "they are still in use")


def test_the_counts_of_a_killed_worker_stay_and_another_serves(url):
    with measured(url) as (server, port):
        for _ in range(20):
            server.ask("GET", "/api/user")
        until_counted(port, "GET /api/user", 401, 20)
        for worker in server.workers():  # one of them serves the metrics
            os.kill(worker, signal.SIGKILL)
            until(lambda dead=worker: dead not in server.workers(), "it lives")
            until(lambda: len(server.workers()) == 2, "the worker was not replaced")
            server.wait_until_live()
            until(lambda: answer(port) is not None, "the metrics are not served")
        until_counted(port, "GET /api/user", 401, 20)


def test_the_gauges_of_a_killed_worker_are_forgotten(url):
    with measured(url, BCRYPT_ROUNDS="13") as (server, port), ThreadPoolExecutor(6) as crowd:
        wrong = {"email": "ada@example.org", "password": "wrong horse battery"}
        for _ in range(6):
            crowd.submit(server.ask, "POST", "/api/login", wrong)
        until(lambda: (of(scraped(port), "hexstart_hashing_queue") or 0) >= 3, "the queue is not counted")
        for worker in server.workers():
            os.kill(worker, signal.SIGKILL)
        until(lambda: answer(port) is not None, "the metrics are not served", 15)
        until(lambda: of(scraped(port), "hexstart_hashing_queue") == 0, "the dead still count")


def test_a_file_that_a_new_worker_has_not_filled_yet_is_left_out(url, tmp_path):
    with measured(url, TMPDIR=str(tmp_path)) as (server, port):
        server.ask("GET", "/api/user")
        until_counted(port, "GET /api/user", 401, 1)
        [folder] = tmp_path.glob("hexstart-metrics-*")
        for kind in ("histogram", "counter", "gauge_livesum"):
            (folder / f"{kind}_{os.getpid()}.db").touch()
        assert of(scraped(port), "hexstart_hashing_queue") == 0
        assert counted(port)["GET /api/user", "401"] == 1


def test_a_clean_stop_leaves_no_folder(url, tmp_path):
    folder = tmp_path / "tmp"
    folder.mkdir()
    with measured(url, TMPDIR=str(folder)) as (server, _):
        assert list(folder.iterdir())
        server.end()
    assert list(folder.iterdir()) == []


def test_the_port_of_the_site_serves_no_metrics(url):
    with measured(url) as (server, _):
        assert server.ask("GET", "/metrics").status == 404


@pytest.mark.parametrize("module", ["flask_app.wsgi", "starlette_app"])
def test_without_the_setting_the_package_is_not_imported(url, module, tmp_path):
    made = f"import sys; from entrypoints.{module} import create; create(); "
    code = [sys.executable, "-c", made + "print('prometheus_client' in sys.modules)"]
    for metrics, imported in (("", b"False"), (f"127.0.0.1:{free_port()}", b"True")):
        env = environment(url, free_port(), METRICS=metrics, LIMITS="on", TMPDIR=str(tmp_path))
        done = subprocess.run(code, cwd=ROOT, env=env, capture_output=True, timeout=30)
        assert done.stdout.split() == [imported], done.stderr[-500:]
        assert list(tmp_path.glob("hexstart-metrics-*")) == []


@pytest.mark.parametrize(
    "metrics", ["9100", "nowhere:9100", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:site"]
)
def test_a_wrong_address_is_refused_in_one_line(url, metrics):
    code, [line] = refused_start(environment(url, free_port(), METRICS=metrics))
    assert code == 1
    assert "METRICS" in line


def test_the_port_of_the_site_is_refused(url):
    port = free_port()
    code, [line] = refused_start(environment(url, port, METRICS=f"127.0.0.2:{port}"))
    assert code == 1
    assert "METRICS" in line and "PORT" in line


def test_an_address_in_use_is_refused_in_one_line(url):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        code, [line] = refused_start(environment(url, free_port(), METRICS=address))
    assert code == 1
    assert "METRICS" in line and "in use" in line


def test_board_and_page_name_the_metrics_that_exist(url):
    with measured(url, LIMITS="on") as (server, port):
        wrong = {"email": "ada@example.org", "password": "wrong horse battery"}
        for _ in range(11):
            server.ask("POST", "/api/login", wrong)
        until_counted(port, "POST /api/login", 401, 10)
        samples = scraped(port)
    names: dict[str, set[str]] = {}
    for name, labels in samples:
        names.setdefault(name, set()).update(dict(labels))
    board = json.loads(BOARD.read_text())
    asked = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])
    page = (ROOT / "entrypoints/deploy/README.md").read_text().partition("\n## Metrics\n")[2]

    assert set(re.findall(r"hexstart_\w+", asked)) <= names.keys()
    labels = set(re.findall(r"by \((\w+)\)", asked)) | set(re.findall(r"(\w+)=~", asked))
    assert labels - {"job"} == {"row", "status", "limit", "state", "pool", "le"}  # Prometheus adds the job
    assert labels - {"job"} <= set().union(*names.values())
    told = set(re.findall(r"(?m)^\| `(hexstart_\w+)`", page))
    assert told == {re.sub("_(bucket|sum|count)$", "", name) for name in names}
