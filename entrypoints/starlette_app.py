"""Starlette's binding of the API, all in this file. `make run ENTRYPOINT=starlette` serves it."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from os import urandom
from time import perf_counter
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from domain.access import SignedIn
from domain.sessions import Client
from entrypoints import logs
from entrypoints.api import gate, http
from entrypoints.api.clients import client_of
from entrypoints.api.routes import routes, streams
from entrypoints.api.streams import HEADERS, OpenStreams, StreamRoute
from entrypoints.api.tokens import token_actor
from entrypoints.container import Container, wire_from
from entrypoints.problems import PROBLEMS, TooLarge, problem_of
from entrypoints.settings import REQUEST_THREADS
from entrypoints.worker import begin_background, container, lock, obey, raise_again

T = TypeVar("T")
log, request_log = logging.getLogger(__name__), logging.getLogger("hexstart.request")


class StarletteApp:
    """The gate around Starlette's router. `request.state` has what the parts tell each other."""

    def __init__(self, container: Container) -> None:
        self.settings, wire = container.settings(), wire_from(container)
        self.gate, self.cookie = gate.gate_of(self.settings), container.cookie()
        self.tokens = container.tokens()
        self.two_factor = container.two_factor()
        self.sessions = container.sessions()
        self.streams = OpenStreams(container.streams(), self.in_thread)
        self.ignores_proxies = self.settings.production and not self.settings.trusted_proxies
        self.pool = ThreadPoolExecutor(REQUEST_THREADS, "request")
        rows: dict[str, dict[str, http.Route]] = {}
        for row in routes(wire):
            rows.setdefault(row.url, {})[row.method] = row
        call = partial(self.in_thread, self._call)
        bound = [Route(_path(url), partial(call, of), methods=[*of], name=url) for url, of in rows.items()]
        bound += [Route(_path(row.url), partial(self._stream, row), name=row.url) for row in streams(wire)]
        self.router = Router(bound, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the server begins or ends
            return await self.router(scope, receive, send)
        began, request_id = perf_counter(), urandom(16).hex()
        logs.request_id.set(request_id)
        method, path = scope["method"], scope["path"]
        state = {"headers": gate.joined(scope["headers"]), "user_id": None, "row": gate.OTHER}
        # With `app`, the router raises its errors.
        scope.update(app=self, state=state | {"renewed": None, "began": False, "end": lambda: None})
        request = Request(scope, receive)

        async def start(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.state.began, user_id = True, request.state.user_id
                facts = gate.facts_to_log(method, path, message["status"], began, user_id, request.state.row)
                request_log.info("request", extra=facts)
                ours = [("x-request-id", request_id), *self.gate.headers(path, user_id is not None)]
                # The session lives longer, so its cookie must too, unless this request has replaced it.
                if request.state.renewed and b"set-cookie" not in dict(message["headers"]):
                    ours.append(("set-cookie", request.state.renewed))
                encoded = [(name.lower().encode(), value.encode()) for name, value in ours]
                message["headers"] = [*message["headers"], *encoded]
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            if link := await self._admit(request):
                return await RedirectResponse(link, 302, {"Cache-Control": "no-store"})(scope, receive, start)
            await self.router(scope, receive, start)
        except Exception as error:
            if request.state.began:
                raise  # the server cuts the response off
            logs.route.set(f"{method} {scope['route'].name}" if "route" in scope else None)
            await _shown(error)(scope, receive, start)
        finally:
            request.state.end()

    async def _admit(self, request: Request) -> str | None:
        """Read the query and the body. Return the link to go on to, if a mail client has damaged it."""
        method, path, state = request.method, request.scope["path"], request.state
        if self.ignores_proxies and "x-forwarded-for" in state.headers:
            self.ignores_proxies = False  # one warning is enough
            log.warning(gate.UNTRUSTED)
        if refusal := self.gate.refusal(method, path, state.headers):
            raise refusal
        state.body = b""
        try:
            query = request.scope["query_string"].decode()
            if method not in gate.SAFE_METHODS:
                async for piece in request.stream():
                    state.body += piece
                    if len(state.body) > gate.LARGEST_BODY:
                        raise TooLarge
        except (UnicodeError, ClientDisconnect):
            raise HTTPException(400) from None
        state.query = dict(reversed(parse_qsl(query, keep_blank_values=True)))
        return gate.repaired_link(method, path, query)

    async def in_thread(self, work: Callable[..., T], *given: object) -> T:
        """Call it in a thread of the pool, with the id of the request for its log lines."""
        call = partial(copy_context().run, work, *given)
        return await asyncio.get_running_loop().run_in_executor(self.pool, call)

    def _call(self, rows: Mapping[str, http.Route], request: Request) -> Response:
        row, state = rows["GET" if request.method == "HEAD" else request.method], request.state
        given: list[object] = [self._asked(request, row)]
        if row.body is not None:
            given.append(http.read_body(row.body, state.headers.get("content-type", ""), state.body))
        response, status = http.answered(row.view(*given), row.status)
        headers = http.headers_of(response, self.cookie)
        state.user_id = (response.cookie and response.cookie.user_id) or state.user_id
        if isinstance(response.data, Mapping):
            return Response(http.to_json(response.data), status, headers)
        file, length = http.gathered(response.data)
        pieces = iter(partial(file.read, http.PIECE_BYTES), b"")
        return StreamingResponse(pieces, status, headers | {"Content-Length": str(length)})

    async def _stream(self, row: StreamRoute, request: Request) -> Response:
        if request.method == "HEAD":
            return Response(headers=HEADERS)
        if last := request.headers.get("last-event-id"):
            request.state.query["after"] = last
        opened = await self.streams.begin(lambda tell: row.view(self._asked(request, row), tell))
        request.state.end = lambda: self.streams.end(opened)
        return StreamingResponse(opened, headers=HEADERS)

    def _asked(self, request: Request, row: http.Row) -> http.Request:
        """The request without its framework. Raise an error of the token or the session, or AnotherUser."""
        request.state.row = f"{row.method} {row.url}"
        headers, host = request.state.headers, request.client.host if request.client else ""
        forwarded, agent = headers.get("x-forwarded-for", ""), headers.get("user-agent", "")
        client = client_of(host, forwarded, agent, self.settings.trusted_proxies)
        by_token = token_actor(self.tokens, row, headers.get("authorization", ""), client)
        secret = None if by_token else request.cookies.get(self.cookie.name)
        needed = not row.public or "x-user" in headers
        actor = by_token or (self._visitor(request, secret, client) if needed else None)
        if actor is None and not row.public:
            raise self.two_factor.refusal(secret)
        request.state.user_id = actor and actor.id
        if "x-user" in headers:
            http.require_own_page(actor, headers["x-user"])
        given = request.state.query, request.path_params
        return http.Request(client, None if row.public else actor, secret, *given)

    def _visitor(self, request: Request, secret: str | None, client: Client) -> SignedIn | None:
        """The user of the session. Its cookie is renewed by the response when the session lives longer."""
        found = self.sessions.authenticate(secret, client) if secret else None
        if secret and found and found[1] and found[0].session.remembered:
            request.state.renewed = self.cookie.header(http.Cookie.of(found[0], secret))
        return found and found[0]


def _path(url: str) -> str:
    return url.replace("<", "{").replace(">", ":uuid}")


def _shown(error: Exception) -> Response:
    problem, headers = problem_of(error), dict[str, str]()
    if isinstance(error, HTTPException):
        problem, headers = PROBLEMS[error.status_code], dict(error.headers or {})
    elif problem is PROBLEMS[500]:
        log.error("a request failed", exc_info=error)
    body, headers = http.to_json(problem.envelope()), problem.headers | headers
    return Response(body, problem.status, headers, "application/json")


@cache
def create() -> StarletteApp:
    """The application alone. Its mail is delivered by `entrypoints.cli mails deliver --forever`."""
    lock()
    return StarletteApp(container())


def worker() -> StarletteApp:
    """The application of one worker of the server. One of the workers does the background work."""
    obey(_stop)
    begin_background()
    return create()


def _stop() -> None:
    create().streams.close()
    raise_again()
