"""The CPU of an authenticated GET beside flask-login on gunicorn, and the memory of a warmed-up worker."""

import re
from pathlib import Path

from tests.bench import floor, load, servers
from tests.bench.report import Row, detail, judge, middle_of_pairs
from tests.bench.servers import GUNICORN, PASSWORD, POSTGRESQL, SQLITE, Server

CONNECTIONS, PAIRS, SECONDS, PATH = 16, 5, 2, "/api/user"
TARGETS = {SQLITE: 0.45, POSTGRESQL: 0.50}
PATHS = ("/", "/login", "/register", "/settings", "/api/user", "/api/teams", "/health/ready", "/nowhere")


def cpu_of_a_read(kind: str) -> list[Row]:
    with (
        servers.database(kind) as url,
        servers.product(url) as flask,
        servers.product(url, ENTRYPOINT="starlette") as starlette,
    ):
        floor.fill(url)
        with servers.running(GUNICORN, "/login", DATABASE_URL=url) as theirs:
            cookies = [*servers.register(flask, CONNECTIONS).values()]
            tokens = [servers.api_token(flask, cookie) for cookie in cookies]
            by_token = [load.request("GET", PATH, flask.port, token=token) for token in tokens]
            sides = {
                "product": (flask, reads(flask, cookies)),
                "by API token": (flask, by_token),
                "on Starlette": (starlette, reads(starlette, [*servers.register(starlette, 16).values()])),
                "flask-login": (theirs, reads(theirs, [theirs.ask("/login")[0]])),
            }
            costs: dict[str, list[float]] = {name: [] for name in sides}
            for turn in range(PAIRS + 1):
                for name, side in sides.items():
                    value = cost(*side)
                    costs[name] += [value] if turn else []  # the first warms up
    detail(costs, "us of CPU for a GET")
    return [
        judge(f"authenticated GET{more}, {kind}", ratio, "at most", target, "{:.2f}")
        for one, other, more, target in (
            ("product", "flask-login", ": CPU against flask-login on gunicorn", TARGETS[kind]),
            ("by API token", "product", " by API token: CPU against one by cookie", 1.1),
            ("on Starlette", "product", " on Starlette: CPU against one on Flask", 1.2),
        )
        for ratio in [middle_of_pairs(costs[one], costs[other])]
    ]


def reads(server: Server, cookies: list[str]) -> list[str]:
    return [load.request("GET", PATH, server.port, cookie) for cookie in cookies]


def cost(server: Server, requests: list[str]) -> float:
    """Microseconds of the server's CPU for a request."""
    before = server.cpu()
    answers = load.run(server.port, requests, CONNECTIONS, SECONDS)
    return (server.cpu() - before) / len(answers.all) * 1e6


def memory_of_a_worker(kind: str) -> list[Row]:
    with servers.database(kind) as url, servers.product(url) as server:
        asked = []
        for email, cookie in servers.register(server, 8).items():
            asked += [("GET", path, each, None) for path in PATHS for each in (cookie, "")]
            logins = [{"email": email, "password": password} for password in (PASSWORD, "wrong " + PASSWORD)]
            asked += [("POST", "/api/login", "", login) for login in logins]
            asked += [("POST", "/api/register", "", person) for person in (servers.a_person(), logins[0])]
        requests = [load.request(method, path, server.port, *rest) for method, path, *rest in asked]
        load.start(server.port, requests, 8, 6).result()
        status = [Path(f"/proc/{worker}/status").read_text() for worker in server.workers()]
    # Memory that workers share counts in each.
    sizes = [int(kib) / 1024 for kib in re.findall(r"VmRSS:\s+(\d+) kB", "".join(status))]
    detail({"workers": sizes}, "MiB")
    return [judge(f"memory of a warmed-up worker, {kind}", max(sizes), "under", 90, "{:.0f} MiB")]
