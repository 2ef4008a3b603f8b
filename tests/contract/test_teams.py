import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
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


def test_teams_are_listed_with_the_membership_the_oldest_first(store, ada, team):
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


def test_who_saves_a_team_second_is_told(store, team):
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


def test_a_personal_team_is_deleted_with_its_memberships_and_no_other(store, ada, team):
    other = add_team(store, ada, a_team("Others", personal=False))
    with store.transaction() as work:
        work.teams.delete_personal(ada.id)
        work.commit()

    with store.look() as stored:
        assert stored.teams.get(team.id) is None
        assert stored.teams.of(ada.id) == [(other, a_membership(other, ada))]
