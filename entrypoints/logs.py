"""How this application logs: to stderr, one JSON object a line, or text for people."""

import logging
import logging.config
import sys
import time
from typing import Any, Literal

import orjson

FIELDS = ("request_id", "method", "path", "status", "ms", "user_id", "recipient", "subject", "text")


class JsonLines(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        more = " ".join(
            str(getattr(record, name)) for name in FIELDS if getattr(record, name, None) is not None
        )
        line = (
            f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower():7} {record.getMessage()} {more}"
        )
        return line.rstrip() + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


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
            # Without a handler of its own, so that the server's lines look like ours.
            "_granian": {},
        },
    }
