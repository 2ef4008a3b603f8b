"""An ASGI application as a WSGI application, so that the test client of WSGI asks it."""

import asyncio
import threading
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from starlette.types import ASGIApp, Message

SIZE = 1 << 16


@cache
def loop() -> asyncio.AbstractEventLoop:
    """An event loop in a thread of its own: the main thread may have that of the browser tests."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="asgi", daemon=True).start()
    return loop


def over_wsgi(app: "ASGIApp") -> "WSGIApplication":
    """The ASGI application, for complete requests and answers that end.

    The package a2wsgi fails where a path or a query is not in UTF-8, and reads no body without a length.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        messages = asyncio.run_coroutine_threadsafe(ask(app, environ), loop()).result(30)
        start, *parts = messages
        headers = [
            (name.decode("latin-1").title(), value.decode("latin-1")) for name, value in start["headers"]
        ]
        start_response(f"{start['status']} {HTTPStatus(start['status']).phrase}", headers)
        return [part.get("body", b"") for part in parts]

    return answer


async def ask(app: "ASGIApp", environ: "WSGIEnvironment") -> "list[Message]":
    """The messages of the answer. A body without a length arrives in pieces, as from a server."""
    body, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH", "")
    known = int(length) if length.isascii() and length.isdigit() else 0
    whole = body.read(-1 if environ.get("wsgi.input_terminated") else known)
    pieces = [whole[at : at + SIZE] for at in range(0, len(whole), SIZE)] or [b""]
    messages: list[Message] = []

    async def receive() -> "Message":
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await asyncio.Event().wait()  # the client stays
        raise AssertionError

    async def send(message: "Message") -> None:
        messages.append(message)

    def header(key: str) -> str:
        return key.removeprefix("HTTP_").replace("_", "-").lower()

    named = {header(key): value for key, value in environ.items() if key.startswith("HTTP_")}
    named |= {header(key): environ[key] for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)}
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": "http",
        "path": path.decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()],
        "client": (environ.get("REMOTE_ADDR", ""), 0),
        "server": ("localhost", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return messages
