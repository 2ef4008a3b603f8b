"""The devices of users are taken over from the events of earlier releases."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import column, create_engine, select, table, text
from uuid_utils.compat import uuid7

from adapters.sql.devices import DEVICES, devices
from adapters.sql.events import events
from adapters.sql.users import users
from domain.devices import device_of
from domain.events import Tag
from tests.databases import KINDS, alembic_config, empty_database
from tests.fakes import NOON
from tests.samples import a_user, an_event

# The columns of users and events at revision 0003.
BEFORE = ("id", "username", "username_key", "email", "password_hash", "created_at", "version")
EVENTS_BEFORE = ("id", "tag", "user_id", "actor_id", "ip", "user_agent", "detail", "created_at")
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0",
    "python-requests/2.32",
    "Python-urllib/3.12 EDG/1",
    "Windows 100% of it",
    "",
]


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    with empty_database(request.param, tmp_path) as url:
        yield url


def events_of(user):
    times = (NOON + timedelta(minutes=minute) for minute in range(100))
    yield an_event(user.id, Tag.REGISTERED, user_agent=AGENTS[0], created_at=next(times))
    for agent in AGENTS:
        yield an_event(user.id, user_agent=agent, created_at=next(times))
    yield an_event(user.id, Tag.LOGIN_FAILED, user_agent="curl/8.0")
    yield an_event(user.id, Tag.REGISTERED, user_agent="command line", actor_id=None)
    yield an_event(uuid7(), user_agent="curl/8.0")  # of a user that is gone
    yield an_event(None, user_agent="curl/8.0")


def test_known_devices_are_taken_over_also_after_an_interruption(url):
    config, user = alembic_config(url), a_user()
    command.upgrade(config, "0003")
    engine = create_engine(url)
    with engine.begin() as connection:
        for now, names, rows in ((users, BEFORE, [user]), (events, EVENTS_BEFORE, events_of(user))):
            old = table(now.name, *(column(name, now.c[name].type) for name in names))
            connection.execute(old.insert(), [{name: getattr(row, name) for name in names} for row in rows])
        connection.execute(text("CREATE TABLE devices (id INTEGER)"))  # what an interruption may leave

    command.upgrade(config, "heads")

    with engine.connect() as connection:
        found = [DEVICES.read(row) for row in connection.execute(select(*devices.c))]
    assert {device.name for device in found} == {device_of(agent) for agent in AGENTS}
    assert len(found) == 5 and {device.user_id for device in found} == {user.id}
    [firefox] = [device for device in found if device.name == "Firefox on Linux"]
    assert firefox.first_seen_at == NOON
    engine.dispose()
