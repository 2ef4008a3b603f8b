"""The rows of a user are exported and forgotten in every table (see walk.py)."""

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, String, Table
from sqlalchemy.schema import CreateTable

from adapters.sql import events
from adapters.sql.engines import connect
from adapters.sql.limits import metadata
from adapters.sql.types import Id
from adapters.sql.unit_of_work import SqlUnitOfWork
from application.ports import stores
from domain.personal import PersonalStore
from tests.contract.conftest import memory_store
from tests.contract.walk import Walk, word_of
from tests.databases import migrated_database


def test_each_table_of_a_user_or_a_team_is_exported_and_forgotten(store):
    if store.kind == "memory":
        pytest.skip("memory has no tables to walk: the side-by-side test compares its exports")
    with store.transaction() as work:
        assert Walk(work, metadata).problems() == []


def test_each_store_in_memory_exports_and_forgets():
    with memory_store().look() as stored:
        assert [word for word, store in stores(stored).items() if not isinstance(store, PersonalStore)] == []


def test_a_table_is_defined_in_the_file_of_its_word():
    assert [word_of(name) for name in ("user_roles", "memberships", "unknown")] == ["users", "teams", ""]


# The tests below check the walk itself. SQLite is enough for that.


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    with migrated_database("sqlite", tmp_path_factory.mktemp("db")) as url:
        engines = connect(url)
        yield engines
        engines.dispose()


@pytest.fixture
def work(engines):
    """A unit of work that is never committed."""
    with SqlUnitOfWork(engines) as work:
        yield work


def with_strays(work, *columns):
    """The metadata with a new table `strays`, which is in the database, too."""
    scratch = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(scratch)
    work.execute(CreateTable(Table("strays", scratch, Column("id", Id, primary_key=True), *columns)))
    return scratch


def belonging_to(name):
    return Column(f"{name}_id", Id, ForeignKey(f"{name}s.id", ondelete="CASCADE"), nullable=False)


NOT_EXPORTED, LEFT = "its store `events` does not export it", "its rows are left as they were"


@pytest.mark.parametrize(
    "columns, word, problems",
    [
        (lambda: [belonging_to("user"), Column("text", String(2))], "events", [NOT_EXPORTED]),
        (lambda: [Column("user_id", Id), Column("text", String(20))], "events", [NOT_EXPORTED, LEFT]),
        (lambda: [Column("user_id", Id)], "events", [NOT_EXPORTED, LEFT]),
        (lambda: [belonging_to("team")], "events", [NOT_EXPORTED]),
        (lambda: [Column("team_id", Id)], "events", [NOT_EXPORTED, LEFT]),
        (lambda: [belonging_to("user")], "strays", ["no store `strays` that exports and forgets"]),
        (lambda: [belonging_to("user")], "", ["no file in adapters/sql defines it"]),
    ],
)
def test_the_walk_reports_a_table_that_was_left_out(work, columns, word, problems):
    scratch = with_strays(work, *columns())

    walk = Walk(work, scratch, lambda name: word if name == "strays" else word_of(name))
    assert walk.problems() == [f"table strays: {problem}" for problem in problems]


def test_the_walk_reports_a_table_that_blocks_the_deletion_of_its_user(work):
    scratch = with_strays(work, Column("user_id", Id, ForeignKey("users.id")))

    problems = Walk(work, scratch, lambda name: word_of(name) or "events").problems()
    assert problems[0] == f"table strays: {NOT_EXPORTED}"
    assert problems[1].startswith("forgetting fails (Stale")


def test_the_walk_reports_a_secret_in_an_export(work, monkeypatch):
    for entity, secret in (("sessions.Session", "secret_hash"), ("mails.Mail", "facts")):
        monkeypatch.setattr(f"domain.{entity}.EXPORTED", secret)

    assert Walk(work, metadata).problems() == [
        "table mails: `facts` is exported",
        "table sessions: `secret_hash` is exported",
    ]


def test_the_walk_reports_a_column_that_is_not_blanked(work, monkeypatch):
    blank_address_only = events.FORGET.values(user_agent=events.events.c.user_agent)
    monkeypatch.setattr(events, "FORGET", blank_address_only)

    assert Walk(work, metadata).problems() == ["table events: user_agent left as written"]


def test_the_walk_reports_a_store_that_forgets_too_much(work, monkeypatch):
    forget_all = events.events.delete()
    monkeypatch.setattr(events.SqlEvents, "forget", lambda self, user_id: self.execute(forget_all))

    assert Walk(work, metadata).problems() == [
        "`events`: forgets rows of another user",
        "forgetting changes rows of another user",
    ]
