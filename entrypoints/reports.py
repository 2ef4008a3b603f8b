"""Reports of faults to Sentry. `SENTRY_DSN` switches them on, and only then this module is imported."""

import logging
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import get_default_release

from entrypoints import logs
from entrypoints.settings import version

# At the end of a process, reports that wait are sent within this time.
FLUSH_SECONDS = 2.0

# What a report holds of the event and of each line of the traceback. Everything else may be private.
OF_EVENT = "event_id timestamp platform level release environment sdk".split()
OF_FRAME = "filename function module lineno in_app pre_context context_line post_context".split()


class Reports(logging.Handler):
    """On the root logger. An exception that is logged as an error is a fault."""

    def __init__(self, dsn: str) -> None:
        super().__init__(logging.ERROR)
        sentry_sdk.init(
            dsn,
            release=release(),
            before_send=stripped,
            # The integrations would change Flask, logging and threads, and collect requests.
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            send_client_reports=False,
        )

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] and not record.name.startswith("sentry_sdk"):
            sentry_sdk.capture_exception(record.exc_info)

    def flush(self) -> None:
        sentry_sdk.flush(FLUSH_SECONDS)


def release() -> str:
    """The release as the environment or git names it, otherwise the version in pyproject.toml."""
    return get_default_release() or version()


def stripped(event: Event, hint: Hint) -> Event | None:
    """The event with nothing of a request: no message, for it may quote the input. The log has the message.

    The request id finds it there. None for an event that is no exception.
    """
    if "exception" not in event:
        return None
    told: dict[str, Any] = _some_of(event, OF_EVENT)
    told["exception"] = {"values": [_exception(found) for found in event["exception"]["values"]]}
    told["transaction"] = logs.route.get() or ""
    told["tags"] = {"request_id": logs.request_id.get() or ""}
    return told  # type: ignore[return-value]


def _exception(found: dict[str, Any]) -> dict[str, Any]:
    frames = (found.get("stacktrace") or {}).get("frames", [])
    return {
        "type": found.get("type"),
        "module": found.get("module"),
        "stacktrace": {"frames": [_some_of(frame, OF_FRAME) for frame in frames]},
    }


def _some_of(found: Any, names: list[str]) -> dict[str, Any]:
    return {name: found[name] for name in names if name in found}
