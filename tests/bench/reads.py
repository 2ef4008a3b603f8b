"""The CPU of an authenticated GET beside flask-login on gunicorn, and the memory of a warmed-up worker."""

import re
from pathlib import Path

from tests.bench import floor, load, servers
from tests.bench.report import Row, detail, judge, middle_of_pairs
from tests.bench.servers import PASSWORD, POSTGRESQL, SQLITE, Server

CONNECTIONS, PAIRS, SECONDS = 16, 5, 2
MIXED_CONNECTIONS, MIXED_SECONDS = 8, 6
PATHS = ("/", "/login", "/register", "/settings", "/api/user", "/api/teams", "/health/ready", "/nowhere")
TARGETS = {SQLITE: 0.45, POSTGRESQL: 0.50}


def cpu_of_a_read(kind: str) -> list[Row]:
    costs: dict[str, list[float]] = {"product": [], "flask-login": []}
    with servers.database(kind) as url:
        floor.fill(url)
        with servers.product(url) as ours, servers.flask_login(url) as theirs:
            our_reads = reads(ours, list(servers.register(ours, CONNECTIONS).values()))
            their_reads = reads(theirs, [theirs.ask("/login")])
            for turn in range(PAIRS + 1):
                pair = cost(ours, our_reads), cost(theirs, their_reads)
                if turn:  # the first warms up
                    for each, value in zip(costs.values(), pair, strict=True):
                        each.append(value)
    detail(costs, "us of CPU for a GET")
    job = f"authenticated GET: CPU against flask-login on gunicorn, {kind}"
    return [judge(job, middle_of_pairs(*costs.values()), "at most", TARGETS[kind], "{:.2f}")]


def reads(server: Server, cookies: list[str]) -> list[str]:
    return [load.request("GET", "/api/user", server.port, cookie) for cookie in cookies]


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
        load.start(server.port, requests, MIXED_CONNECTIONS, MIXED_SECONDS).result()
        status = [Path(f"/proc/{worker}/status").read_text() for worker in server.workers()]
    # Memory that workers share counts in each.
    sizes = [int(kib) / 1024 for kib in re.findall(r"VmRSS:\s+(\d+) kB", "".join(status))]
    detail({"workers": sizes}, "MiB")
    return [judge(f"memory of a warmed-up worker, {kind}", max(sizes), "under", 90, "{:.0f} MiB")]
