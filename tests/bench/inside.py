"""A job without a server: the CPU of a login beyond the hash."""

import contextlib
from collections.abc import Iterator
from time import process_time
from typing import Any

import bcrypt
from flask.testing import FlaskClient

from entrypoints.container import Container
from entrypoints.flask_app.app import create_app
from entrypoints.settings import Settings
from tests.bench.report import Row, detail, judge, middle_of_pairs
from tests.bench.servers import REAL, a_person, database

TURNS = 9


@contextlib.contextmanager
def product(kind: str, rounds: int) -> Iterator[FlaskClient]:
    with database(kind) as url:
        options: Any = {"base_url": "http://localhost", "limits": "off", "bcrypt_rounds": rounds}
        container = Container(settings=Settings(_env_file=None, database_url=url, **options))
        yield create_app(container).test_client()
        container.engines().dispose()


def ask(client: FlaskClient, method: str, path: str, status: int, body: Any = None) -> None:
    answer = client.open(path, method=method, json=body)
    if answer.status_code != status:
        raise RuntimeError(f"{method} {path} was answered with {answer.status}: {answer.text:.300}")


def cpu_beyond_the_hash(kind: str) -> list[Row]:
    costs: dict[str, list[float]] = {"bcrypt": [], "login": [], "register": []}
    known = a_person()
    credentials = {"email": known["email"], "password": known["password"]}
    with product(kind, REAL) as client:
        steps = {
            # 44 bytes: bcrypt_sha256 hashes a digest in base64.
            "bcrypt": lambda: bcrypt.hashpw(b"x" * 44, bcrypt.gensalt(REAL)),
            "login": lambda: ask(client, "POST", "/api/login", 200, credentials),
            "register": lambda: ask(client, "POST", "/api/register", 201, a_person()),
        }
        ask(client, "POST", "/api/register", 201, known)
        steps["login"]()  # imports what is imported late
        for _ in range(TURNS):
            for name, step in steps.items():
                began = process_time()
                step()
                costs[name].append((process_time() - began) * 1000)
    rows = []
    for name, target in (("login", 5), ("register", 10)):
        percent = (middle_of_pairs(costs[name], costs["bcrypt"]) - 1) * 100
        rows.append(judge(f"{name}: CPU beyond bcrypt, {kind}", percent, "at most", target, "{:.1f} %"))
    detail(costs, "ms")
    return rows
