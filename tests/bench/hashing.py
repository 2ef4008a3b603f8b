"""What passwords cost: beside the hash itself, and to everybody else while many log in."""

from tests.bench import load, product
from tests.bench.databases import POSTGRESQL, SQLITE
from tests.bench.inside import Child
from tests.bench.product import PASSWORD, REAL, WORKERS, WRONG, Bench
from tests.bench.report import NotRun, median, spread
from tests.bench.servers import free_port

READERS, FLOOD = 4, 32


def beyond_the_hash(bench: Bench) -> None:
    """CPU of the whole process for a login and a registration, against bcrypt alone at the same cost."""
    for kind in (SQLITE, POSTGRESQL):
        jobs = {"login": 5.0, "register": 10.0}
        try:
            url = bench.migrated(kind)
        except NotRun as reason:
            for name in jobs:
                bench.report.could_not(f"{name}, CPU beyond the bcrypt hash, {kind}", str(reason))
            continue
        costs: dict[str, list[float]] = {"hash": [], "login": [], "register": []}
        outside: dict[str, list[float]] = {"login": [], "register": []}
        with Child.start("product", product.environment(url, free_port(), REAL)) as ours:
            known = product.person()
            ours.do("call", method="POST", path="/api/register", body=known)
            credentials = {"email": known["email"], "password": PASSWORD}
            for _ in range(bench.times(13)):
                costs["hash"].append(ours.do("hash", rounds=REAL))
                for name, path, body, status in (
                    ("login", "/api/login", credentials, 200),
                    ("register", "/api/register", product.person(), 201),
                ):
                    answer = ours.do("call", method="POST", path=path, body=body)
                    if answer["status"] != status:
                        raise RuntimeError(f"POST {path} answered {answer['status']}")
                    costs[name].append(answer["cpu"])
                    outside[name].append(answer["outside"])
        for name, target in jobs.items():
            percent = (
                median(mine / alone for mine, alone in zip(costs[name], costs["hash"], strict=True)) - 1
            ) * 100
            job = f"{name}, CPU beyond the bcrypt hash, {kind}"
            bench.report.result(job, f"{percent:+.1f} %", f"<= {target:.0f} %", percent <= target)
            bench.report.note(
                f"{name} {spread(costs[name], 1e3)} ms, bcrypt alone {spread(costs['hash'], 1e3)} ms; "
                f"of it on the request's own thread {spread(outside[name], 1e3, 1)} ms"
            )


def flood(bench: Bench) -> None:
    """Authenticated GETs on a few connections while many more hammer the login."""
    for kind in (SQLITE, POSTGRESQL):
        jobs = [
            f"{READERS} readers while {FLOOD} log in: {what}, {kind}"
            for what in ("rate kept", "p99", "logins")
        ]
        try:
            _flood(bench, kind, jobs)
        except NotRun as reason:
            for job in jobs:
                bench.report.could_not(job, str(reason))
        finally:
            bench.stop()


def _flood(bench: Bench, kind: str, jobs: list[str]) -> None:
    server = bench.serve(bench.migrated(kind), rounds=REAL)
    people = product.register(server, 8)
    reads = [load.request("GET", "/api/user", server.port, cookie) for _, cookie in people[:READERS]]
    logins = [
        load.request("POST", "/api/login", server.port, body={"email": email, "password": password})
        for email, _ in people
        for password in (PASSWORD, WRONG, PASSWORD)
    ]
    calm_seconds, loaded_seconds = bench.seconds(8), max(4.0, bench.seconds(16))
    load.run(server.port, reads, READERS, 1)
    before = load.run(server.port, reads, READERS, calm_seconds).only(200)
    attack = load.start(server.port, logins, FLOOD, loaded_seconds + 4)
    try:
        load.run(server.port, reads, READERS, 2)  # until the queue in front of the hasher is full
        loaded = load.run(server.port, reads, READERS, loaded_seconds).only(200)
        attacked = attack.outcome()
    except BaseException:
        attack.stop()
        raise
    server.until_idle()
    after = load.run(server.port, reads, READERS, calm_seconds).only(200)

    kept = loaded.rate / ((before.rate + after.rate) / 2) * 100
    p99 = loaded.latencies["p99"]
    with Child.start("bare", product.floor_environment("")) as child:
        ceiling = WORKERS / median(child.do("hash", rounds=REAL) for _ in range(5))
    hashed = (attacked.statuses.get("200", 0) + attacked.statuses.get("401", 0)) / attacked.seconds
    bench.report.result(jobs[0], f"{kept:.0f} %", ">= 70 %", kept >= 70)
    bench.report.result(jobs[1], f"{p99:.1f} ms", "< 25 ms", p99 < 25)
    bench.report.result(jobs[2], f"{hashed:.1f} a second", ">= 3 a second", hashed >= 3)
    bench.report.note(
        # Where the target was set they could hash 7.4 a second, and 3 were 41 % of it.
        f"logins are {hashed / ceiling:.0%} of the {ceiling:.1f} that the workers could hash undisturbed\n"
        f"GETs a second {before.rate:.0f}, flooded {loaded.rate:.0f}, after it {after.rate:.0f}; "
        f"p50/p99/max ms unloaded {_latencies(before)}, flooded {_latencies(loaded)}\n"
        f"logins answered {attacked.statuses}, {attacked.failures} failures, "
        f"p50/p99/max ms {_latencies(attacked)}"
    )


def _latencies(outcome: load.Outcome) -> str:
    return "/".join(f"{outcome.latencies[name]:.1f}" for name in ("p50", "p99", "max"))
