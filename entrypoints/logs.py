"""How the application logs: to stderr, one JSON object a line, or text for a terminal."""

import logging
import logging.config
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

# The id of the current request. It stands in each of its log lines.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What may be a token (43 characters of base64url), within a path for example.
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
    """For a terminal: mails and tracebacks take several lines, everything else one."""

    def format(self, record: logging.LogRecord) -> str:
        facts = [getattr(record, name) for name in FIELDS if name != "text" and hasattr(record, name)]
        message = without_secrets(record.getMessage())
        said = " ".join([message, *(str(fact) for fact in facts if fact is not None)])
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower():7} {printable(said)}"
        if hasattr(record, "text"):
            line += f"\n\n{record.text}\n"
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


def without_secrets(text: str) -> str:
    """Messages of other packages hold paths: Flask's about a crash, those of the development server."""
    return SECRET.sub("...", text)


def printable(text: str) -> str:
    """Without line breaks and control codes of terminals: a path may hold them."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def configure(log_format: Literal["json", "text"] | None) -> None:
    """None: text where stderr is a terminal, else JSON."""
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
            # Without a handler of its own: the server's lines look like the application's.
            "_granian": {},
        },
    }
