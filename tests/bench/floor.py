"""The product is compared with this: flask-login with its defaults, and one Core select for each request."""

import os
from typing import Any

import sqlalchemy as sa
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user

people = sa.Table(
    "people",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("username", sa.String(30), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("created_at", sa.DateTime, server_default=sa.func.now(), nullable=False),
)


def fill(url: str) -> None:
    with sa.create_engine(url).begin() as connection:
        people.create(connection)
        connection.execute(people.insert().values(id=1, username="ada", email="a@b.c", password_hash="x"))


class Person(UserMixin):  # type: ignore[misc]
    def __init__(self, row: "sa.Row[Any]") -> None:
        self.id, self.row = row.id, row


def create() -> Flask:
    engine = sa.create_engine(os.environ["DATABASE_URL"])
    app = Flask(__name__)
    app.secret_key = "no secret: the server listens on the loopback address only"
    manager = LoginManager(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(number: str) -> Person | None:
        with engine.connect() as connection:
            row = connection.execute(sa.select(people).where(people.c.id == int(number))).first()
        return Person(row) if row else None

    @app.get("/login")
    def log_in() -> Any:
        login_user(load("1"))
        return "logged in"

    @app.get("/api/user")
    @login_required  # type: ignore[untyped-decorator]
    def show() -> Any:
        row = current_user.row
        shown = {"id": row.id, "username": row.username, "email": row.email, "email_verified": False}
        return jsonify(data=shown | {"roles": [], "created_at": row.created_at.isoformat()})

    return app
