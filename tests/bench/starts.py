"""The small applications a cold start is compared with: nothing is imported that they do not use."""

import os

import sqlalchemy as sa
from flask import Flask


def orm() -> Flask:
    """Flask and SQLAlchemy as in their own quick starts, and in the seed: a mapped class, a session."""
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    class Model(DeclarativeBase):
        pass

    class Person(Model):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(sa.String(30))

    engine = sa.create_engine(os.environ["FLOOR_DATABASE_URL"])
    Model.metadata.create_all(engine)
    app = Flask(__name__)

    @app.get("/")
    def count() -> str:
        with Session(engine) as session:
            return str(session.scalar(sa.select(sa.func.count()).select_from(Person)))

    return app


def core() -> Flask:
    """The least that can be called an application with a database: no ORM, one statement as text."""
    engine = sa.create_engine(os.environ["FLOOR_DATABASE_URL"])
    app = Flask(__name__)

    @app.get("/")
    def one() -> str:
        with engine.connect() as connection:
            return str(connection.execute(sa.text("select 1")).scalar())

    return app


def packages() -> Flask:
    """The least, with the other packages that the product is made of, and not a line of the product."""
    import dependency_injector.containers
    import dependency_injector.providers
    import flask_login
    import orjson
    import pydantic_settings
    import uuid_utils.compat

    assert all((dependency_injector, flask_login, orjson, pydantic_settings, uuid_utils))
    return core()
