"""`make demo`: a development database as after 90 days of use."""

import pytest
from sqlalchemy import func, select

from adapters.sql.events import events
from adapters.sql.invitations import invitations
from adapters.sql.mails import mails
from adapters.sql.sessions import sessions
from adapters.sql.teams import memberships, teams
from adapters.sql.users import users
from domain.events import Tag
from entrypoints.demo import DAYS, INVITED, PASSWORD, PEOPLE, TEAMS, Demo, address_of, main
from tests.integration.conftest import everything_stored


@pytest.fixture
def filled(settings, engines):
    Demo(settings).fill()
    return engines


def count(engines, table, *where):
    with engines.reader.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(*where))


def test_the_demo_has_users_teams_events_and_invitations(filled):
    assert count(filled, users) == len(PEOPLE)
    assert count(filled, teams, teams.c.personal.is_(False)) == len(TEAMS)
    assert count(filled, memberships) == len(PEOPLE) * 2  # each user has a personal team, too
    assert count(filled, invitations) == len(INVITED)
    assert count(filled, sessions) > 100
    assert count(filled, users, users.c.disabled_at.is_not(None)) == 1
    with filled.reader.connect() as connection:
        tags = set(connection.scalars(select(events.c.tag)))
        first, last = connection.execute(
            select(func.min(events.c.created_at), func.max(events.c.created_at))
        ).one()
    assert tags >= {Tag.REGISTERED, Tag.LOGGED_IN, Tag.LOGIN_FAILED, Tag.TEAM_CREATED, Tag.DISABLED}
    assert (last - first).days == DAYS - 1


def test_no_mail_of_the_demo_waits(filled):
    assert count(filled, mails) > 50
    assert count(filled, mails, mails.c.delivered_at.is_(None)) == 0


def test_the_administrator_of_the_demo_logs_in(filled, client):
    credentials = {"email": address_of(PEOPLE[0]), "password": PASSWORD}

    assert client.ask("POST", "/api/login", credentials)[0] == 200
    assert client.ask("GET", "/api/admin/users?q=mei")[1]["data"][0]["username"] == "mei"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_with_users_is_left_alone(filled, database_url, monkeypatch):
    before = everything_stored(filled)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr("entrypoints.logs.configure", lambda log_format: None)

    with pytest.raises(SystemExit, match="has users"):
        main()

    assert everything_stored(filled) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_production_is_refused(engines, database_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr("entrypoints.logs.configure", lambda log_format: None)
    for name, value in (("APP_ENV", "production"), ("BASE_URL", "https://a.test"), ("MAIL_URL", "smtp://h")):
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit, match="APP_ENV is production"):
        main()

    assert count(engines, users) == 0
