"""Authenticated GETs of a few connections while many others flood the login."""

from statistics import median, quantiles
from time import sleep

from tests.bench import load, servers
from tests.bench.reads import reads
from tests.bench.report import Row, detail, judge, middle_of_pairs
from tests.bench.servers import PASSWORD, REAL

READERS, FLOOD, ROUNDS, SECONDS, BEGINNING = 4, 32, 2, 6, 2  # it begins until the logins wait in the queue


def reads_during_a_flood(kind: str) -> list[Row]:
    """A round has three parts of the same length: readers alone, the flood alone, and both."""
    gets: dict[str, list[float]] = {"GETs beside the flood": [], "GETs alone": []}
    logins: dict[str, list[float]] = {"logins beside GETs": [], "logins alone": []}
    p99s = list[float]()
    with servers.database(kind) as url, servers.product(url, REAL) as server:
        users = servers.register(server, 8)
        reading = reads(server, list(users.values())[:READERS])
        flooding = [
            load.request("POST", "/api/login", server.port, body={"email": email, "password": password})
            for email in users
            for password in (PASSWORD, "wrong " + PASSWORD, PASSWORD)
        ]
        load.run(server.port, reading, READERS, 1)
        for _ in range(ROUNDS):
            gets["GETs alone"].append(load.run(server.port, reading, READERS, SECONDS).rate())
            flood = load.start(server.port, flooding, FLOOD, BEGINNING + SECONDS + SECONDS + 1)
            sleep(BEGINNING + SECONDS)
            flooded = load.run(server.port, reading, READERS, SECONDS)
            attack = load.expect(flood.result(), 200, 401)
            # Without readers: all that the hashing threads can do, one in each worker.
            logins["logins alone"].append(attack.rate(flooded.began - SECONDS, flooded.began))
            logins["logins beside GETs"].append(attack.rate(flooded.began, flooded.ended))
            gets["GETs beside the flood"].append(flooded.rate())
            p99s.append(quantiles((took for _, took, _ in flooded.all), n=100)[-1] * 1000)
    detail(gets | logins, "a second")
    detail({"p99 of the GETs": p99s}, "ms")
    job = f"{READERS} readers while {FLOOD} log in"
    kept, finished = (middle_of_pairs(*pair.values()) * 100 for pair in (gets, logins))
    return [
        judge(f"{job}: rate of the readers, {kind}", kept, "at least", 70, "{:.0f} %"),
        judge(f"{job}: p99 of the readers, {kind}", median(p99s), "under", 25, "{:.1f} ms"),
        judge(f"{job}: rate of the logins, {kind}", finished, "at least", 60, "{:.0f} %"),
    ]
