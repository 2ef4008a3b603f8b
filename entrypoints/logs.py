"""The log: to stderr, one JSON object in each line, or text for a terminal."""

import atexit
import logging
import logging.config
import os
import re
import sys
import threading
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, Literal

import orjson

# The id of the current request, for each of its log lines.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
# Method and URL of the row that answers it, such as "PATCH /api/user". For reports.
route: ContextVar[str | None] = ContextVar("route", default=None)

# Lines that wait for a slow reader. Further lines are dropped and counted.
LONGEST_QUEUE = 10_000
FLUSH_SECONDS = 1.0
# Lines of this time are written together: waking the thread takes longer than writing a line.
GATHER_SECONDS = 0.01

# Possible tokens, in a path for example. A token has 43 characters of base64url.
SECRET = re.compile("[A-Za-z0-9_-]{40,}")

FIELDS = ("method", "path", "status", "ms", "user_id", "recipient", "subject", "text")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        return orjson.dumps({**line, **facts}, default=str, option=orjson.OPT_UTC_Z).decode()


class TextLines(logging.Formatter):
    """One line for each record, in a terminal. Mails and tracebacks take several lines."""

    def format(self, record: logging.LogRecord) -> str:
        facts = [getattr(record, name) for name in FIELDS if name != "text" and hasattr(record, name)]
        message = without_secrets(record.getMessage())
        said = " ".join([message, *(str(fact) for fact in facts if fact is not None)])
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower():7} {printable(said)}"
        if hasattr(record, "text"):
            line += f"\n\n{record.text}\n"
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


class Stderr(logging.Handler):
    """Writes to stderr in its own thread, so a log reader that stops does not stop requests."""

    def __init__(self) -> None:
        super().__init__()
        self._begin()
        os.register_at_fork(after_in_child=self._begin)  # a fork does not copy threads
        atexit.register(self.flush)

    def _begin(self) -> None:
        self.lines: SimpleQueue[str] = SimpleQueue()
        self.thread: threading.Thread | None = None
        self.dropped = self.taken = self.written = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self.lines.qsize() >= LONGEST_QUEUE:
            self.dropped += 1
            return
        try:
            self.lines.put(self.format(record) + "\n")
            self.taken += 1
        except Exception:
            self.handleError(record)
        if self.thread is None:
            self.thread = threading.Thread(target=self._write, name="log", daemon=True)
            self.thread.start()

    def _write(self) -> None:
        while True:
            text = [self.lines.get()]
            sleep(GATHER_SECONDS)
            with suppress(Empty):
                while True:
                    text.append(self.lines.get_nowait())
            lines = len(text)
            dropped, self.dropped = self.dropped, 0
            if dropped:
                facts = {"name": __name__, "levelname": "WARNING", "msg": f"{dropped} log lines were dropped"}
                text.append(self.format(logging.makeLogRecord(facts)) + "\n")
            rest = "".join(text).encode(errors="backslashreplace")
            with suppress(OSError):  # stderr is closed or has no reader
                while rest:
                    rest = rest[os.write(2, rest) :]
            self.written += lines

    def flush(self) -> None:
        """Wait until all lines are written, at most FLUSH_SECONDS."""
        end = monotonic() + FLUSH_SECONDS
        while self.written < self.taken and monotonic() < end:
            sleep(0.001)


def without_secrets(text: str) -> str:
    """The text with tokens masked. Messages of Flask and of its development server hold paths."""
    return SECRET.sub("...", text)


def printable(text: str) -> str:
    """The text with line breaks and control codes escaped: a path may hold them."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def configure(log_format: Literal["json", "text"] | None, sentry_dsn: str = "") -> None:
    """None means text when stderr is a terminal, otherwise JSON. With a DSN, faults are reported, too."""
    logging.config.dictConfig(config(log_format, sentry_dsn))
    logging.captureWarnings(True)
    threading.excepthook = lambda error: logging.getLogger(__name__).error(
        "a thread failed", exc_info=error.exc_value
    )


def config(log_format: Literal["json", "text"] | None, sentry_dsn: str = "") -> dict[str, Any]:
    chosen = log_format or ("text" if sys.stderr and sys.stderr.isatty() else "json")
    reports = {"reports": {"class": "entrypoints.reports.Reports", "dsn": sentry_dsn}} if sentry_dsn else {}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "entrypoints.logs.JsonLines"},
            "text": {"()": "entrypoints.logs.TextLines"},
        },
        "handlers": {"stderr": {"class": "entrypoints.logs.Stderr", "formatter": chosen}, **reports},
        "root": {"level": "INFO", "handlers": ["stderr", *reports]},
        "loggers": {
            # The server has no handler of its own, so its lines look like the application's.
            "_granian": {}
        },
    }
