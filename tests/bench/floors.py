"""The small applications the product is compared with: factories that read FLOOR_DATABASE_URL themselves."""

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user

PEOPLE = 16
FILLER = "x" * 75  # where a password hash would be

metadata = sa.MetaData()
people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("username", sa.String(30), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("created_at", sa.DateTime, server_default=sa.func.now(), nullable=False),
)


def populate(url: str) -> None:
    engine = sa.create_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            people.insert(),
            [
                {
                    "id": n,
                    "username": f"person{n}",
                    "email": f"person{n}@example.com",
                    "password_hash": FILLER,
                }
                for n in range(1, PEOPLE + 1)
            ],
        )
    engine.dispose()


class Person(UserMixin):  # type: ignore[misc]
    def __init__(self, row: sa.Row[Any]) -> None:
        self.id = row.id
        self.row = row


def login() -> Flask:
    """What most people would write: flask-login's defaults, its signed cookie, one Core select."""
    engine = sa.create_engine(os.environ["FLOOR_DATABASE_URL"])
    app = Flask(__name__)
    app.secret_key = "not a secret: this only runs on the loopback address"
    manager = LoginManager(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(number: str) -> Person | None:
        with engine.connect() as connection:
            row = connection.execute(sa.select(people).where(people.c.id == int(number))).first()
        return Person(row) if row else None

    @app.post("/login/<number>")
    def log_in(number: str) -> ResponseReturnValue:
        login_user(load(number))
        return "", 204

    @app.get("/api/user")
    @login_required  # type: ignore[untyped-decorator]
    def show() -> ResponseReturnValue:
        row = current_user.row
        return jsonify(
            data={
                "id": row.id,
                "username": row.username,
                "email": row.email,
                "email_verified": False,
                "roles": [],
                "created_at": row.created_at.isoformat(),
            }
        )

    @app.get("/")
    def nothing() -> str:
        return "ok"

    return app


def bare() -> Flask:
    """A route that does nothing, on Flask as it comes."""
    app = Flask(__name__)

    @app.get("/")
    def nothing() -> str:
        return "ok"

    return app


def raw() -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """No framework at all: the driver's own connection for each thread, one select, the standard json."""
    url = os.environ["FLOOR_DATABASE_URL"]
    local = threading.local()
    columns = "id, username, email, created_at"

    def connect() -> Callable[[], Any]:
        if url.startswith("sqlite"):
            lite = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            return lambda: lite.execute(f"SELECT {columns} FROM people WHERE id = ?", (7,)).fetchone()
        post = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        return lambda: post.execute(f"SELECT {columns} FROM people WHERE id = %s", (7,)).fetchone()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            read = local.read
        except AttributeError:
            read = local.read = connect()
        number, username, email, created_at = read()
        body = json.dumps(
            {"data": {"id": number, "username": username, "email": email, "created_at": str(created_at)}}
        ).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return app
