"""Authenticated GETs while 500 streams wait."""

import contextlib
import socket
from time import sleep

from tests.bench import load, servers
from tests.bench.reads import CONNECTIONS, reads
from tests.bench.report import Row, detail, judge, middle_of_pairs

PAIRS, SECONDS, USERS, STREAMS = 5, 2, 125, 4  # of each user


def reads_beside_streams(kind: str) -> list[Row]:
    rates: dict[str, list[float]] = {"GETs beside 500 streams": [], "GETs alone": []}
    with servers.database(kind) as url, servers.product(url, ENTRYPOINT="starlette") as server:
        cookies = [*servers.register(server, USERS).values()]
        asked = reads(server, cookies[:CONNECTIONS])
        for turn in range(PAIRS + 1):
            alone = load.run(server.port, asked, CONNECTIONS, SECONDS).rate()
            with contextlib.ExitStack() as stack:
                for cookie in cookies * STREAMS:
                    stream = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                    stream.sendall(load.request("GET", "/api/events/stream", server.port, cookie).encode())
                    if b" 200 " not in stream.recv(100):
                        raise RuntimeError("a stream was refused")
                sleep(1)
                beside = load.run(server.port, asked, CONNECTIONS, SECONDS).rate()
            sleep(2)  # the server finds out that they have left
            for each, rate in zip(rates.values(), (beside, alone), strict=True):
                each += [rate] if turn else []  # the first warms up
    detail(rates, "a second")
    kept = middle_of_pairs(*rates.values()) * 100
    return [judge(f"rate of GETs while 500 streams wait, {kind}", kept, "at least", 90, "{:.0f} %")]
