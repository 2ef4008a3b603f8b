"""An account with many rows. No request reads all of them at once or delays other users."""

import re
import tracemalloc
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Table, event, func, select, text
from uuid_utils.compat import uuid7

from adapters.emails import email_syntax
from adapters.sql import events, limits, links, mails, sessions, users
from adapters.sql.mails import SqlMails
from domain.errors import Unavailable
from domain.events import EventFilter, Tag
from domain.paging import Page
from domain.sessions import MOST_SESSIONS
from domain.users import User, user_search
from tests.fakes import NOON
from tests.integration.conftest import ADA, counts, statements
from tests.integration.test_emails import EVE, user_with
from tests.races import racing
from tests.samples import CLIENT, GOOD_PASSWORD, a_link, a_mail, a_session, a_user, an_event

pytestmark = pytest.mark.usefixtures("clock")

# Rows of each kind. Filling the other databases takes half a minute.
LONG = {"sqlite": 20_000, "postgresql": 4_000, "mysql": 4_000}
MEGABYTE = 1 << 20
PAGES = {
    "/api/sessions": 2,
    "/settings/sessions": 3,
    "/api/user/events": 2,
    "/settings/history": 3,
    "/api/teams": 2,
}
# A list of several pages has one statement more: it is counted.
COUNTED = {"/settings/sessions", "/settings/history"}


def fill(engines, user_id, count, words=("events", "sessions", "mails")):
    made = {
        "events": (events.EVENTS, lambda number, moment: an_event(user_id)),
        "sessions": (
            sessions.SESSIONS,
            lambda number, moment: a_session(user_id, f"{number:064}", expires_at=moment),
        ),
        "mails": (
            mails.MAILS,
            lambda number, moment: a_mail(user_id=user_id, delivered_at=moment, next_try_at=None),
        ),
        "users": (users.USERS, lambda number, moment: a_user(f"user{number:05}@{number % 3}.example.org")),
        "links": (
            links.LINKS,
            lambda number, moment: a_link(uuid7(), token_hash=f"{number:064}", expires_at=moment),
        ),
    }
    with engines.writer.begin() as connection:
        for word in words:
            rows, make = made[word]
            values = [rows.write(make(number, later(number))) for number in range(count)]
            connection.execute(rows.insert, values)


def later(seconds):
    return NOON + timedelta(hours=1, seconds=seconds)


def count_of(engines, table: Table, user: User | None = None):
    counted = select(func.count()).select_from(table)
    with engines.reader.connect() as connection:
        return connection.scalar(counted.where(table.c.user_id == user.id) if user else counted)


def login(client, user):
    assert client.ask("POST", "/api/login", {"email": user["email"], "password": GOOD_PASSWORD})[0] == 200


@contextmanager
def at_most(megabytes):
    """The block fails if it allocates more memory at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.flask_only
def test_an_account_with_many_rows_costs_as_many_statements_as_a_new_one(
    ada, client, container, engines, clock
):
    assert client.ask("POST", "/api/register", EVE)[0] == 201
    user = user_with(container, ADA["email"])
    long = LONG[engines.reader.dialect.name]
    fill(engines, user.id, long)

    costs = {}
    for name, account in (("eve", client), ("ada", ada)):
        for path in PAGES:
            with statements(engines) as asked, at_most(4):
                answer = account.get(path)
            assert answer.status_code == 200 and len(answer.data) < 60_000
            costs[name, path] = len(asked)
    for name, counted in (("eve", set()), ("ada", COUNTED)):
        assert {path: costs[name, path] - (path in counted) for path in PAGES} == PAGES

    for person, account, more in ((EVE, client, 0), (ADA, ada, 1)):  # one DELETE ends the surplus sessions
        login(account, person)
        before = count_of(engines, sessions.sessions)
        with statements(engines) as asked, at_most(4):
            login(account, person)
        assert len(asked) == 8 + more
        assert before - count_of(engines, sessions.sessions) == 1000 * more

    # Every answer is written while it is read: a page of 500 rows, for each statement.
    rows = [count_of(engines, table, user) for table in (events.events, sessions.sessions, mails.mails)]
    with statements(engines) as asked, at_most(8):
        length = sum(map(len, ada.get("/api/user/export").response))
    assert length > long * 500
    with statements(engines) as few:
        b"".join(client.get("/api/user/export").response)
    assert len(asked) == len(few) + sum(count // 500 for count in rows)

    with statements(engines) as asked, at_most(4):
        assert container.housekeeping().purge()["mails"] == 0
        clock.advance(days=8)
        assert container.housekeeping().purge()["mails"] == long
    assert len(asked) < 3 * (rows[1] + rows[2]) // 1000 + 40

    clock.advance(days=-8)
    login(ada, ADA)
    with statements(engines) as asked, at_most(4):
        assert ada.ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD})[0] == 200
    assert len(asked) < 50
    assert count_of(engines, sessions.sessions, user) == 0
    with engines.reader.connect() as connection:
        written = events.events.c.ip != "", events.events.c.user_id == user.id
        assert connection.execute(select(events.events).where(*written)).all() == []


@pytest.mark.flask_only
def test_sessions_are_listed_page_by_page(ada, container, engines, clock):
    fill(engines, user_with(container, ADA["email"]).id, 59, ["sessions"])

    found, after = [], ""
    while after is not None:
        page = ada.get(f"/api/sessions?limit=25{after and f'&after={after}'}").get_json()
        found += page["data"]
        after = page["next"]
    assert len({session["id"] for session in found}) == 60
    assert found == sorted(found, key=lambda session: session["id"], reverse=True)
    assert sum(session["current"] for session in found) == 1

    first = ada.get("/settings/sessions").text
    [older] = [line.split('"')[3] for line in first.splitlines() if 'rel="next"' in line]
    second = ada.get(older).text
    assert (first.count(">Active "), second.count(">Active ")) == (50, 10)
    assert "End all other sessions" in first and "End all other sessions" in second
    assert counts(ada.get("/settings/sessions")) == counts(ada.get(older)) == ["60 sessions"]
    assert 'rel="next"' not in second
    for path in ("/api/sessions", "/settings/sessions"):
        assert ada.get(f"{path}?after=1").status_code == 422


def test_twenty_racing_logins_leave_the_allowed_number_of_sessions(ada, container, engines):
    user = user_with(container, ADA["email"])
    fill(engines, user.id, MOST_SESSIONS - 5, ["sessions"])

    def attempt(number):
        return container.sessions().login(
            ADA["email"], GOOD_PASSWORD, remember=False, replacing=None, client=CLIENT
        )

    new = [actor.session.id for actor, _ in racing(attempt, times=20)]
    with engines.reader.connect() as connection:
        left = set(connection.execute(select(sessions.sessions.c.id)).scalars())
    assert len(left) == MOST_SESSIONS
    assert left >= set(new)


def test_an_export_delays_no_registration(ada, client, container):
    actor, _ = container.sessions().login(
        ADA["email"], GOOD_PASSWORD, remember=False, replacing=None, client=CLIENT
    )
    pieces = container.accounts().export(actor)
    assert next(next(pieces)[1])["email"] == ADA["email"]

    assert client.ask("POST", "/api/register", EVE)[0] == 201
    assert "mails" in dict(pieces)


def test_an_export_that_breaks_off_is_an_error_and_no_document(ada, monkeypatch, engines):
    def break_off(self, user_id, after):
        if after is None:
            return Page([{"id": user_id}], user_id)
        raise Unavailable(1)

    monkeypatch.setattr(SqlMails, "exported", break_off)
    response = ada.get("/api/user/export")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.get_json()["errors"]["internal_error_code"] == 50301
    assert "Content-Disposition" not in response.headers
    assert engines.reader.pool.checkedout() <= 4  # the cursors that are kept


EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN ", "mysql": "EXPLAIN "}
ALL_ROWS = {"sqlite": "SCAN", "postgresql": "Seq Scan", "mysql": "'ALL'"}
TABLES = [sessions.sessions, links.links, mails.mails, limits.limits]


def test_purging_reads_no_whole_table(ada, container, engines):
    user = user_with(container, ADA["email"])
    fill(engines, user.id, 5000, ["links", "sessions", "mails"])
    with engines.writer.begin() as connection:
        rows = [{"key": f"{number:064}", "count": 1, "expires_at": later(number)} for number in range(5000)]
        connection.execute(limits.limits.insert(), rows)
    kind = engines.reader.dialect.name
    with engines.reader.connect() as connection:
        for table in TABLES:
            connection.execute(text(f"ANALYZE {'TABLE ' if kind == 'mysql' else ''}{table.name}"))

    def work(execute):
        for purge in (sessions.PURGE, links.PURGE, mails.PURGE, limits.PURGE):
            purge.rows(execute, later(200), 100)

    plans = explained(engines, kind, work)
    assert len(plans) == 8
    for statement, plan in plans.items():
        assert ALL_ROWS[kind] not in plan, f"{statement}\n{plan}"


def test_a_page_far_back_reads_only_its_rows(ada, container, engines):
    """Without statistics, MariaDB once read all newer rows: a minute for 200,000 events."""
    user = user_with(container, ADA["email"])
    fill(engines, user.id, 2000)
    values = {"its_user_id": user.id}
    for rows in (events.EVENTS, sessions.SESSIONS, mails.MAILS):
        with engines.reader.connect() as connection:
            after = rows.of_user.page(connection.execute, None, 1500, **values).next

        def work(execute, rows=rows, after=after):
            rows.of_user.page(execute, after, 100, **values)

        kind = engines.reader.dialect.name
        [plan] = explained(engines, kind, work).values()
        assert ALL_ROWS[kind] not in plan or kind == "postgresql"
        if kind == "mysql":
            [plan] = [line for line in plan.splitlines() if f"'{rows.id.table.name}'" in line]
            assert "'range'" in plan and "'PRIMARY', '" not in plan[10:] and "filesort" not in plan


# What else a plan names: the roles of a user, and the rows that a count has found.
OTHER_ROWS = re.compile("user_roles|anon_1|derived")
SORTS = {"sqlite": "TEMP B-TREE", "postgresql": "Sort", "mysql": "filesort"}


@pytest.mark.parametrize("term", ["user", "user00", "user00007", "nothing", "1.example", "@", "a"])
def test_a_search_reads_only_its_rows_and_sorts_nothing(engines, term):
    fill(engines, None, 3000, ["users"])
    kind, search = engines.reader.dialect.name, user_search(term, email_syntax)
    with engines.reader.connect() as connection:
        connection.execute(text(f"ANALYZE {'TABLE ' if kind == 'mysql' else ''}users"))

    def work(execute):
        store, after, pages = users.SqlUsers(execute), None, 0
        while pages < 3 and (after or not pages):
            after, pages = store.page(search, after, 50).next, pages + 1
        store.count(search)

    plans = explained(engines, kind, work)
    assert plans
    for statement, plan in plans.items():
        of_users = "\n".join(line for line in plan.splitlines() if not OTHER_ROWS.search(line))
        if not counts_few(kind, statement):
            assert ALL_ROWS[kind] not in of_users and SORTS[kind] not in of_users, f"{statement}\n{plan}"


# The ids of the samples are of today.
MOMENTS = {"since": NOON - timedelta(days=3650), "until": NOON + timedelta(days=3650)}


@pytest.mark.parametrize("asked", ["", "user", "team", "tag", "user tag", "team tag", "user team"])
@pytest.mark.parametrize("moments", ["", "since", "until", "since until"])
def test_the_events_of_the_site_are_read_by_an_index_and_not_sorted(engines, asked, moments):
    user_id, team_id = uuid7(), uuid7()
    events_of = partial(an_event, ip="203.0.113.7")
    made = [events_of(uuid7(), Tag.LOGGED_IN, team_id=uuid7()) for _ in range(6000)]
    made += [events_of(user_id, Tag.TEAM_RENAMED, team_id=team_id) for _ in range(150)]
    with engines.writer.begin() as connection:
        connection.execute(events.EVENTS.insert, [events.EVENTS.write(each) for each in made])
    kind = engines.reader.dialect.name
    with engines.reader.connect() as connection:
        connection.execute(text(f"ANALYZE {'TABLE ' if kind == 'mysql' else ''}events"))
    values = {"user": {"user_id": user_id}, "team": {"team_id": team_id}, "tag": {"tag": Tag.TEAM_RENAMED}}
    filter = EventFilter(
        **{name: value for word in asked.split() for name, value in values[word].items()},
        **{name: MOMENTS[name] for name in moments.split()},
    )

    def work(execute):
        store = events.SqlEvents(execute)
        store.page(filter, None, 50)
        store.page(filter, made[-80].id, 50)
        store.count(filter)

    plans = explained(engines, kind, work)
    assert len(plans) == 3
    own = [f"ix_events_{name}_id" for word in asked.split() for name in values[word]]
    primary = {"sqlite": "sqlite_autoindex_events_1", "postgresql": "pk_events", "mysql": "PRIMARY"}[kind]
    for statement, plan in plans.items():
        lines = [line for line in plan.splitlines() if "users" not in line and "teams" not in line]
        of_events = "\n".join(lines)
        assert any(index in of_events for index in own or [primary]), f"{statement}\n{plan}"
        if len(own) < 2:  # with two, PostgreSQL may sort the few rows that it expects
            assert SORTS[kind] not in of_events or counts_few(kind, statement), f"{statement}\n{plan}"


@pytest.mark.parametrize("watched", [1, 500])
def test_a_poll_of_the_streams_reads_by_an_index(engines, watched):
    made = [an_event(uuid7()) for _ in range(6000)]
    with engines.writer.begin() as connection:
        connection.execute(events.EVENTS.insert, [events.EVENTS.write(each) for each in made])
    kind = engines.reader.dialect.name
    with engines.reader.connect() as connection:
        connection.execute(text(f"ANALYZE {'TABLE ' if kind == 'mysql' else ''}events"))

    def work(execute):
        ids = [each.user_id for each in made[:watched]]
        events.SqlEvents(execute).following(ids, made[-50].id, 1000)

    [plan] = explained(engines, kind, work).values()
    # The index of each user, or the newest events of all users: both read few rows.
    assert any(index in plan for index in ("ix_events_user_id_id", "pk_events", "autoindex_events_1")), plan
    assert "Seq Scan on events" not in plan and "SCAN events" not in plan, plan


def counts_few(kind, statement):
    """PostgreSQL may read and sort all rows for a count of fewer than MOST_COUNTED, of the 3000 here."""
    return kind == "postgresql" and statement.startswith("SELECT count")


def explained(engines, kind, work):
    """The plan of each statement that `work` executes."""
    plans = {}

    def explain(connection, cursor, statement, values, context, many):
        cursor.execute(EXPLAIN[kind] + statement, values)
        plans[statement] = "\n".join(map(str, cursor.fetchall()))

    with engines.writer.connect() as connection:
        event.listen(connection, "before_cursor_execute", explain)
        work(connection.execute)
    return plans
