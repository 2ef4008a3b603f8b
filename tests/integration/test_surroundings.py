"""The process and its surroundings: a log without a reader, closed standard files, a full disk."""

import json
import os
import subprocess
import tempfile
import warnings
from contextlib import contextmanager

import pytest

from entrypoints import background, logs
from tests.databases import migrated_database
from tests.servers import ROOT, SERVE, Server, environment, free_port


@pytest.fixture(scope="module")
def database_url(tmp_path_factory):
    with migrated_database("sqlite", tmp_path_factory.mktemp("db")) as url:
        yield url


@contextmanager
def served(database_url, tmp_path, **options):
    """The server with other standard files."""
    port = free_port()
    process = subprocess.Popen(
        SERVE,
        cwd=ROOT,
        env=environment(database_url, port, WORKERS="1"),
        start_new_session=True,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options,
    )
    server = Server(process, port, tmp_path / "stderr", tmp_path / "stdout")
    server.stderr.touch()
    try:
        server.wait_until_live()
        yield server
    finally:
        server.end()


def test_a_log_reader_that_stops_blocks_no_request(database_url, tmp_path):
    with served(database_url, tmp_path, stderr=subprocess.PIPE) as server:
        # More than the 64 KiB of a pipe.
        assert {server.ask("GET", "/health/live").status for _ in range(600)} == {200}
        os.set_blocking(server.process.stderr.fileno(), False)
        assert server.process.stderr.read(65536).count(b"/health/live") > 200


def test_a_log_without_a_reader_blocks_no_request(database_url, tmp_path):
    with served(database_url, tmp_path, stderr=subprocess.PIPE) as server:
        server.process.stderr.close()
        assert {server.ask("GET", "/health/live").status for _ in range(5)} == {200}


def test_a_closed_stderr_is_replaced_by_dev_null(database_url, tmp_path):
    def close():
        os.close(2)

    with served(database_url, tmp_path, preexec_fn=close) as server:
        [worker] = server.workers()
        for process in (server.process.pid, worker):
            assert os.readlink(f"/proc/{process}/fd/2") == "/dev/null"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_stdout_prevents_no_start(database_url, tmp_path):
    with open("/dev/full", "wb") as full, served(database_url, tmp_path, stdout=full) as server:
        assert server.ask("GET", "/health/live").status == 200


def test_a_stdout_without_a_reader_prevents_no_start(database_url, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with served(database_url, tmp_path, stdout=writing) as server:
        assert server.ask("GET", "/health/live").status == 200
    os.close(writing)


def test_the_lock_of_the_background_work_needs_no_temporary_file(monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    if hasattr(os, "memfd_create"):
        background.lock_file().close()


@pytest.fixture
def stderr(monkeypatch):
    """A pipe in place of stderr. The fixture is a function that reads its lines."""
    reading, writing = os.pipe()
    write = os.write
    monkeypatch.setattr(os, "write", lambda number, text: write(writing if number == 2 else number, text))
    os.set_blocking(reading, False)
    yield lambda: os.read(reading, 1 << 20).decode().splitlines()
    os.close(reading)
    os.close(writing)


def test_dropped_lines_are_counted_and_reported(stderr, monkeypatch):
    monkeypatch.setattr(logs, "LONGEST_QUEUE", 3)
    handler = logs.Stderr()
    handler.setFormatter(logs.JsonLines())
    handler.thread = "none yet"
    for number in range(5):
        handler.handle(logs.logging.makeLogRecord({"msg": f"line {number}"}))
    assert (handler.lines.qsize(), handler.dropped) == (3, 2)

    handler.thread = None
    monkeypatch.setattr(logs, "LONGEST_QUEUE", 10)
    handler.handle(logs.logging.makeLogRecord({"msg": "one more"}))
    handler.flush()

    messages = [json.loads(line)["message"] for line in stderr()]
    assert messages == ["line 0", "line 1", "line 2", "one more", "2 log lines were dropped"]


def test_warnings_and_failed_threads_are_log_lines(stderr):
    before = logs.threading.excepthook, warnings.showwarning
    logs.configure("json")
    try:
        logs.logging.captureWarnings(False)  # begun outside of catch_warnings, it would end there
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logs.logging.captureWarnings(True)
            warnings.warn("a package grows old", stacklevel=1)
        thread = logs.threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        [handler] = [h for h in logs.logging.getLogger().handlers if isinstance(h, logs.Stderr)]
        handler.flush()
        lines = [json.loads(line) for line in stderr()]
    finally:
        logs.threading.excepthook = before[0]
        logs.logging.captureWarnings(False)
        logs.logging.config.dictConfig(
            {"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}}
        )

    assert "a package grows old" in lines[0]["message"]
    assert lines[1]["message"] == "a thread failed" and "ZeroDivisionError" in lines[1]["traceback"]
