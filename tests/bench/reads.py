"""The CPU of an authenticated GET beside that of flask-login on gunicorn."""

from tests.bench import floor, load, servers
from tests.bench.report import Row, detail, judge, middle_of_pairs
from tests.bench.servers import POSTGRESQL, SQLITE, Server

CONNECTIONS, PAIRS, SECONDS = 16, 5, 2
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
