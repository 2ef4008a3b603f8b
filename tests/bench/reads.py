"""The authenticated GET: on servers, in process, and the SQL it sends."""

from tests.bench import floors, load, product
from tests.bench.databases import KINDS, POSTGRESQL, SQLITE
from tests.bench.inside import Child, awake
from tests.bench.product import CHEAP, Bench
from tests.bench.report import NotRun, median, spread
from tests.bench.servers import Server, free_port

CONNECTIONS = 16
PAGES = ("/api/user", "/settings", "/")


def on_servers(bench: Bench) -> None:
    """CPU of the whole server for each request, ours against what most people would write."""
    for kind, target in ((POSTGRESQL, 0.50), (SQLITE, 0.45)):
        job = f"authenticated GET on its server, CPU of the usual way, {kind}"
        try:
            _on_servers(bench, kind, job, target)
        except NotRun as reason:
            bench.report.could_not(job, str(reason))
        finally:
            bench.stop()


def _on_servers(bench: Bench, kind: str, job: str, target: float) -> None:
    try:
        import gunicorn  # type: ignore[import-untyped] # noqa: F401
    except ImportError:
        raise NotRun("gunicorn, on which the usual way runs, is not installed") from None
    floor_url = bench.databases.make(kind)
    floors.populate(floor_url)
    url = bench.migrated(kind)

    threads = _best_threads(bench, floor_url)
    rivals: dict[str, tuple[Server, list[str]]] = {}
    ours = bench.serve(url)
    cookies = [cookie for _, cookie in product.register(ours, CONNECTIONS)]
    rivals["ours"] = ours, _reads(ours, cookies)
    usual = bench.serve_on_gunicorn("floors:login", floor_url, threads)
    rivals["usual"] = usual, _reads(usual, _log_in(usual))
    plain = bench.serve_on_granian("floors:raw", floor_url)
    rivals["raw"] = plain, [load.request("GET", "/", plain.port)]
    bare = bench.serve_on_granian("floors:bare")
    rivals["bare"] = bare, [load.request("GET", "/", bare.port)]

    costs: dict[str, list[float]] = {name: [] for name in rivals}
    rates: dict[str, list[float]] = {name: [] for name in rivals}
    for server, requests in rivals.values():
        load.run(server.port, requests, CONNECTIONS, bench.seconds(1))
    for _ in range(bench.times(4)):
        for name, (server, requests) in rivals.items():
            cost, rate = _cost(server, requests, bench.seconds(2))
            costs[name].append(cost)
            rates[name].append(rate)

    ratio = median(mine / other for mine, other in zip(costs["ours"], costs["usual"], strict=True))
    bench.report.result(job, f"{ratio:.2f}", f"<= {target:.2f}", ratio <= target)
    shown = {name: f"{spread(costs[name], 1e6)} us, {median(rates[name]):.0f}/s" for name in rivals}
    bench.report.note(
        f"ours on granian {shown['ours']}\n"
        f"flask-login and one Core select on gunicorn, {threads} threads {shown['usual']}\n"
        f"for reference: raw WSGI and driver on granian {shown['raw']}; "
        f"bare Flask route on granian {shown['bare']}"
    )


def _cost(server: Server, requests: list[str], seconds: float) -> tuple[float, float]:
    """CPU seconds of the server for one request, and requests a second."""
    before = server.cpu()
    outcome = load.run(server.port, requests, CONNECTIONS, seconds).only(200)
    return (server.cpu() - before) / outcome.done, outcome.rate


def _best_threads(bench: Bench, url: str) -> int:
    """The usual way gets the number of threads with which it costs the least."""
    costs = {}
    for threads in (2, 4, 8):
        server = bench.serve_on_gunicorn("floors:login", url, threads)
        requests = _reads(server, _log_in(server))
        load.run(server.port, requests, CONNECTIONS, 0.5)
        costs[threads] = min(_cost(server, requests, bench.seconds(1))[0] for _ in range(2))
        bench.stop(server)
    return min(costs, key=lambda threads: costs[threads])


def _reads(server: Server, cookies: list[str]) -> list[str]:
    return [load.request("GET", "/api/user", server.port, cookie) for cookie in cookies]


def _log_in(floor: Server) -> list[str]:
    return [floor.ask("POST", f"/login/{number}").cookie for number in range(1, floors.PEOPLE + 1)]


def in_process(bench: Bench) -> None:
    """The same without a server, against a Flask route that does nothing."""
    with awake(), Child.start("bare", product.floor_environment("")) as bare:
        for kind, target in ((SQLITE, 2.5), (POSTGRESQL, 3.5)):
            job = f"authenticated GET in process, times a bare Flask route, {kind}"
            try:
                url = bench.migrated(kind)
            except NotRun as reason:
                bench.report.could_not(job, str(reason))
                continue
            floor_url = bench.databases.make(kind)
            floors.populate(floor_url)
            settings = product.environment(url, free_port(), CHEAP)
            with (
                Child.start("product", settings) as ours,
                Child.start("raw", product.floor_environment(floor_url)) as raw,
            ):
                cookie = _register_inside(ours)
                turns = []
                drivers = []
                for _ in range(bench.times(15)):
                    mine = ours.do("loop", path="/api/user", cookie=cookie, count=500)
                    theirs = bare.do("loop", path="/", count=1000)
                    if mine["status"] != 200 or theirs["status"] != 200:
                        raise RuntimeError(f"answered {mine['status']} and {theirs['status']}")
                    turns.append((mine["cpu"], theirs["cpu"]))
                    drivers.append(raw.do("loop", path="/", count=1000)["cpu"])
            ratio = median(mine / theirs for mine, theirs in turns)
            bench.report.result(job, f"{ratio:.2f}", f"<= {target:.2f}", ratio <= target)
            bench.report.note(
                f"ours {spread([mine for mine, _ in turns], 1e6)} us, "
                f"bare Flask route {spread([theirs for _, theirs in turns], 1e6)} us\n"
                f"for reference: the driver's select without Flask {spread(drivers, 1e6)} us"
            )


def statements(bench: Bench) -> None:
    """How much SQL a request sends; BEGIN, COMMIT and the like are not counted."""
    for kind in KINDS:
        job = f"statements for each of {' '.join(PAGES)}, signed in, {kind}"
        register_job = f"statements to register, {kind}"
        try:
            url = bench.migrated(kind)
        except NotRun as reason:
            bench.report.could_not(job, str(reason))
            bench.report.could_not(register_job, str(reason))
            continue
        with Child.start("product", product.environment(url, free_port(), CHEAP), "--statements") as ours:
            _register_inside(ours)  # the first request also opens the connection
            registered = ours.do("call", method="POST", path="/api/register", body=product.person())
            cookie = registered["cookie"]
            for path in PAGES:
                ours.do("call", path=path, cookie=cookie)
            sent = {path: ours.do("call", path=path, cookie=cookie) for path in PAGES}
        if any(answer["status"] != 200 for answer in sent.values()) or registered["status"] != 201:
            raise RuntimeError(f"answered {[answer['status'] for answer in sent.values()]}")
        counts = [len(answer["statements"]) for answer in sent.values()]
        bench.report.result(job, ", ".join(map(str, counts)), "exactly 1", set(counts) == {1})
        for path, answer in sent.items():
            if len(answer["statements"]) != 1:
                bench.report.note("\n".join([path, *answer["statements"]]))
        many = len(registered["statements"])
        # The target's five are a row in each of five tables. The link that proves the address and the mail
        # that carries it came later, in the same commit, with a table each: no database fills two at once.
        bench.report.result(register_job, str(many), "<= 5", many <= 5)
        bench.report.note(
            ", ".join(" ".join(statement.split()[:3]) for statement in registered["statements"])
        )


def _register_inside(ours: Child) -> str:
    answer = ours.do("call", method="POST", path="/api/register", body=product.person())
    if answer["status"] != 201:
        raise RuntimeError(f"POST /api/register answered {answer['status']}")
    return str(answer["cookie"])
