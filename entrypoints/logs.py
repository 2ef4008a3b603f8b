"""How this application logs: to stderr, one JSON object a line, or text for people."""

import logging
import logging.config
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

# Of the request that this thread works for: it stands in every line that is logged meanwhile.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

FIELDS = ("method", "path", "status", "ms", "user_id", "recipient", "subject", "text")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


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
    # What no line of ours shows need not be found out for each (the Logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    logging.config.dictConfig(config(log_format))


def config(log_format: Literal["json", "text"] | None) -> dict[str, Any]:
    chosen = log_format or ("text" if sys.stderr.isatty() else "json")
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
