"""How this application logs: to stderr, one JSON object a line, or text for people."""

import logging
import logging.config
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

# Of the request that this thread works for: it stands in every line that is logged meanwhile.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

requests = logging.getLogger("hexstart.request")

FIELDS = ("method", "path", "status", "ms", "user_id", "recipient", "subject", "text")


# Where `request` writes by itself, or None.
straight: int | None = None


def request(**facts: Any) -> None:
    """Say that a request was answered: the one line that each of them waits for.

    JSON goes straight to stderr. By way of `logging` it would cost a fifth of the whole request.
    """
    if straight is None:
        requests.info("request", extra=facts)
    elif requests.isEnabledFor(logging.INFO):
        line = json_line(datetime.now(UTC), "info", requests.name, "request", facts)
        with suppress(OSError):  # nobody reads it any more, which is not the client's fault
            os.write(straight, line + b"\n")


def json_line(at: datetime, level: str, logger: str, message: str, facts: Mapping[str, Any]) -> bytes:
    line: dict[str, Any] = {"at": at, "level": level, "logger": logger, "message": message}
    if request_id.get():
        line["request_id"] = request_id.get()
    return orjson.dumps({**line, **facts}, default=str, option=orjson.OPT_UTC_Z)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        at = datetime.fromtimestamp(record.created, UTC)
        return json_line(at, record.levelname.lower(), record.name, record.getMessage(), facts).decode()


class TextLines(logging.Formatter):
    """For people: mails and tracebacks over several lines, everything else on one."""

    def format(self, record: logging.LogRecord) -> str:
        facts = [getattr(record, name) for name in FIELDS if name != "text" and hasattr(record, name)]
        said = " ".join([record.getMessage(), *(str(fact) for fact in facts if fact is not None)])
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower():7} {printable(said)}"
        if hasattr(record, "text"):
            line += f"\n\n{record.text}\n"
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


def printable(text: str) -> str:
    """Without what begins a new line or speaks to the terminal: a path may hold it."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def configure(log_format: Literal["json", "text"] | None) -> None:
    """None: text where stderr is a terminal, else JSON."""
    global straight
    straight = 2 if _chosen(log_format) == "json" else None
    # What no line of ours shows need not be found out for each (the Logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    logging.config.dictConfig(config(log_format))


def _chosen(log_format: Literal["json", "text"] | None) -> str:
    return log_format or ("text" if sys.stderr.isatty() else "json")


def config(log_format: Literal["json", "text"] | None) -> dict[str, Any]:
    chosen = _chosen(log_format)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "entrypoints.logs.JsonLines"},
            "text": {"()": "entrypoints.logs.TextLines"},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": chosen}
        },
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            # Without a handler of its own, so that the server's lines look like ours.
            "_granian": {},
        },
    }
