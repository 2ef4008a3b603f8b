"""A job without a server: the CPU of a login beyond the hash."""

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


def post(client: FlaskClient, path: str, body: Any, status: int) -> None:
    answer = client.post(path, json=body)
    if answer.status_code != status:
        raise RuntimeError(f"{path} was answered with {answer.status}: {answer.text:.300}")


def cpu_beyond_the_hash(kind: str) -> list[Row]:
    costs: dict[str, list[float]] = {"bcrypt": [], "login": [], "register": []}
    known = a_person()
    credentials = {"email": known["email"], "password": known["password"]}
    with database(kind) as url:
        options: Any = {"base_url": "http://localhost", "limits": "off", "bcrypt_rounds": REAL}
        container = Container(settings=Settings(_env_file=None, database_url=url, **options))
        client = create_app(container).test_client()
        steps = {
            # 44 bytes: bcrypt_sha256 hashes a digest in base64.
            "bcrypt": lambda: bcrypt.hashpw(b"x" * 44, bcrypt.gensalt(REAL)),
            "login": lambda: post(client, "/api/login", credentials, 200),
            "register": lambda: post(client, "/api/register", a_person(), 201),
        }
        post(client, "/api/register", known, 201)
        steps["login"]()  # imports what is imported late
        for _ in range(TURNS):
            for name, step in steps.items():
                began = process_time()
                step()
                costs[name].append((process_time() - began) * 1000)
        container.engines().dispose()
    detail(costs, "ms")
    return [
        judge(f"{name}: CPU beyond bcrypt, {kind}", percent, "at most", target, "{:.1f} %")
        for name, target in (("login", 5), ("register", 10))
        for percent in [(middle_of_pairs(costs[name], costs["bcrypt"]) - 1) * 100]
    ]
