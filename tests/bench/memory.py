"""The memory of a worker after requests of every kind."""

import re
from pathlib import Path

from tests.bench import load, servers
from tests.bench.report import Row, detail, judge
from tests.bench.servers import PASSWORD

CONNECTIONS, SECONDS = 8, 6
PATHS = ("/", "/login", "/register", "/settings", "/api/user", "/api/teams", "/health/ready", "/nowhere")


def memory_of_a_worker(kind: str) -> list[Row]:
    with servers.database(kind) as url, servers.product(url) as server:
        asked = []
        for email, cookie in servers.register(server, 8).items():
            asked += [("GET", path, each, None) for path in PATHS for each in (cookie, "")]
            logins = [{"email": email, "password": password} for password in (PASSWORD, "wrong " + PASSWORD)]
            asked += [("POST", "/api/login", "", login) for login in logins]
            asked += [("POST", "/api/register", "", person) for person in (servers.a_person(), logins[0])]
        requests = [load.request(method, path, server.port, *rest) for method, path, *rest in asked]
        load.start(server.port, requests, CONNECTIONS, SECONDS).result()
        status = [Path(f"/proc/{worker}/status").read_text() for worker in server.workers()]
    # Memory that workers share counts in each.
    sizes = [int(kib) / 1024 for kib in re.findall(r"VmRSS:\s+(\d+) kB", "".join(status))]
    detail({"workers": sizes}, "MiB")
    return [judge(f"memory of a warmed-up worker, {kind}", max(sizes), "under", 90, "{:.0f} MiB")]
