from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.teams import exported_team
from tests.fakes import NOON
from tests.samples import a_membership, a_team, a_user


@pytest.fixture
def ada(store):
    ada = a_user()
    with store.transaction() as work:
        work.users.add(ada)
        work.commit()
    return ada


@pytest.fixture
def team(store, ada):
    return add_team(store, ada, a_team())


def add_team(store, owner, team):
    with store.transaction() as work:
        work.teams.add(team)
        work.teams.add_member(a_membership(team, owner))
        work.commit()
    return team


def test_a_team_comes_back_equal(store, team):
    with store.look() as stored:
        assert stored.teams.get(team.id) == team
        assert stored.teams.get(uuid7()) is None


def test_the_teams_of_a_user_are_listed_the_oldest_first(store, ada, team):
    second = add_team(store, ada, a_team("Smith & Söhne", personal=False))

    with store.look() as stored:
        assert stored.teams.of(ada.id) == [
            (team, a_membership(team, ada)),
            (second, a_membership(second, ada)),
        ]
        assert stored.teams.of(uuid7()) == []


def test_a_membership_is_found(store, ada, team):
    with store.look() as stored:
        assert stored.teams.membership(team.id, ada.id) == a_membership(team, ada)
        assert stored.teams.membership(team.id, uuid7()) is None


def test_the_second_save_of_one_version_is_refused(store, team):
    with store.look() as stored:
        first, second = stored.teams.get(team.id), stored.teams.get(team.id)
    first.name = "First"
    with store.transaction() as work:
        work.teams.save(first)
        work.commit()

    with pytest.raises(Stale), store.transaction() as work:
        work.teams.save(second)
    with store.look() as stored:
        assert stored.teams.get(team.id) == first


def test_a_team_is_stored_once(store, team):
    with pytest.raises(Stale), store.transaction() as work:
        work.teams.add(a_team("Other", id=team.id))
        work.commit()
    with store.look() as stored:
        assert stored.teams.get(team.id) == team


def test_a_membership_needs_its_user(store, team):
    with pytest.raises(Stale), store.transaction() as work:
        work.teams.add_member(a_membership(team, a_user("eve@example.org")))
        work.commit()


def test_a_membership_needs_its_team(store, ada):
    with pytest.raises(Stale), store.transaction() as work:
        work.teams.add_member(a_membership(a_team(), ada))
        work.commit()


def test_a_user_is_a_member_once(store, ada, team):
    with pytest.raises(Stale), store.transaction() as work:
        work.teams.add_member(a_membership(team, ada, joined_at=NOON + timedelta(days=1)))
        work.commit()
    with store.look() as stored:
        assert stored.teams.of(ada.id) == [(team, a_membership(team, ada))]


def test_the_teams_of_a_user_are_exported(store, ada, team):
    with store.look() as stored:
        assert stored.teams.exported(ada.id, None).items == [exported_team(team, a_membership(team, ada))]
        assert stored.teams.exported(uuid7(), None).items == []


def test_forgetting_a_user_deletes_the_personal_team_and_all_memberships(store, ada, team):
    eve = a_user("eve@example.org")
    with store.transaction() as work:
        work.users.add(eve)
        work.commit()
    shared = add_team(store, ada, a_team("Shared", personal=False))
    eves = add_team(store, eve, a_team("Eve's team"))
    with store.transaction() as work:
        work.teams.add_member(a_membership(shared, eve))
        work.teams.forget(ada.id)
        work.commit()

    with store.look() as stored:
        assert stored.teams.get(team.id) is None
        assert stored.teams.of(ada.id) == []
        assert stored.teams.of(eve.id) == [
            (shared, a_membership(shared, eve)),
            (eves, a_membership(eves, eve)),
        ]
