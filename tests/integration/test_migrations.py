"""Each revision is upgraded, downgraded and upgraded again, on empty and filled databases."""

import os
import subprocess
import sys
from dataclasses import asdict
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from uuid_utils.compat import uuid7

from adapters.sql.engines import connect
from adapters.sql.limits import SqlLimiter, key_of, limits, metadata
from adapters.sql.mails import mails
from adapters.sql.unit_of_work import SqlReading, SqlUnitOfWork
from domain.errors import Stale, TooManyAttempts
from domain.limits import Limit
from entrypoints import site
from tests.databases import KINDS, ROOT, alembic_config, empty_database
from tests.fakes import NOON, FakeClock
from tests.samples import a_device, a_link, a_mail, a_membership, a_session, a_team, a_user, an_event


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    with empty_database(request.param, tmp_path) as url:
        yield url


def tables(url):
    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def revisions(url):
    script = ScriptDirectory.from_config(alembic_config(url))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def populate(url):
    engines = connect(url)
    user, team = a_user(), a_team()
    with SqlUnitOfWork(engines) as work:
        work.users.add(user)
        work.sessions.add(a_session(user.id))
        work.teams.add(team)
        work.teams.add_member(a_membership(team, user))
        work.events.add(an_event(user.id))
        work.links.add(a_link(user.id))
        work.mails.add(a_mail())
        work.devices.add(a_device(user.id))
        work.commit()
    with SqlReading(engines) as stored:
        assert stored.users.get(user.id) == user
    engines.dispose()


def test_each_revision_goes_up_and_down_and_up_again(url):
    config = alembic_config(url)
    for revision in revisions(url):
        command.upgrade(config, revision)
        command.downgrade(config, f"{revision}-1")
        command.upgrade(config, "heads")
    assert tables(url) == set(metadata.tables)


def test_a_populated_database_goes_down_and_up_again(url):
    config = alembic_config(url)
    command.upgrade(config, "heads")
    populate(url)
    command.downgrade(config, "base")
    assert tables(url) == set()

    command.upgrade(config, "heads")
    populate(url)


def test_a_database_of_the_first_release_keeps_its_data(url):
    """Mails and limits were in the tables `outbox` and `counters`."""
    config, mail, limit = alembic_config(url), a_mail(user_id=uuid7()), Limit("test", 3, 60)
    values = asdict(mail)
    values["letter"] = values.pop("kind")
    count = {"key": key_of(limit, "ada"), "count": 2, "expires_at": NOON + timedelta(seconds=30)}
    command.upgrade(config, "0002")
    engines = connect(url)
    with engines.writer.begin() as connection:
        connection.execute(stored_before("outbox", letter=mails.c.kind, rest=mails), values)
        connection.execute(stored_before("counters", rest=limits), count)

    command.upgrade(config, "heads")
    command.downgrade(config, "0002")
    command.upgrade(config, "heads")
    limiter = SqlLimiter(engines, FakeClock())
    limiter.count(limit, "ada")
    with pytest.raises(TooManyAttempts):
        limiter.count(limit, "ada")
    with SqlUnitOfWork(engines) as work:
        assert work.mails.claim(NOON, NOON, 10) == [mail]
        with pytest.raises(Stale):
            work.mails.add(mail)
    engines.dispose()


def stored_before(name, *, rest, **renamed):
    """INSERT into the table `rest` under its old name, with its columns `renamed`."""
    kept = [sa.column(each.name, each.type) for each in rest.c if each not in set(renamed.values())]
    return sa.table(name, *kept, *(sa.column(old, now.type) for old, now in renamed.items())).insert()


def test_the_tables_are_what_the_migrations_make(url):
    command.upgrade(alembic_config(url), "heads")

    command.check(alembic_config(url))


def alembic(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_alembic_command_migrates_database_url(url):
    done = alembic("upgrade", "heads", DATABASE_URL=url)

    assert done.returncode == 0, done.stderr
    assert tables(url) == set(metadata.tables)


def test_alembic_migrates_the_test_database_with_the_option_db_test(url, tmp_path):
    done = alembic(
        "-x", "db=test", "upgrade", "heads", TEST_DATABASE_URL=url, DATABASE_URL="sqlite:////nowhere/x.db"
    )

    assert done.returncode == 0, done.stderr
    assert tables(url) == set(metadata.tables)


def test_alembic_refuses_a_url_without_its_driver_in_one_line():
    done = alembic("-x", "db=test", "upgrade", "heads", TEST_DATABASE_URL="postgresql+asyncpg://127.0.0.1/x")

    assert done.returncode == 1
    assert done.stderr.startswith(f"{site.NAME} does not start: DATABASE_URL: must be sqlite:///")
    assert done.stderr.count("\n") == 1


def test_the_option_db_test_needs_test_database_url():
    environment = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-x", "db=test", "upgrade", "heads"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert done.stderr.strip() == "TEST_DATABASE_URL is missing: -x db=test migrates that database"
