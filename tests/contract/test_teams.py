from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.access import SignedIn, TeamRole
from domain.errors import NotFound, Stale
from domain.teams import AlreadyMember, exported_team
from tests.fakes import NOON
from tests.races import racing
from tests.samples import CLIENT, a_membership, a_session, a_team, a_user


@pytest.fixture
def ada(store):
    ada = a_user()
    with store.transaction() as work:
        work.users.add(ada)
        work.commit()
    return ada


def add_user(store, email):
    user = a_user(email)
    with store.transaction() as work:
        work.users.add(user)
        work.commit()
    return user


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


def test_the_teams_of_a_user_are_listed_oldest_first(store, ada, team):
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
    with pytest.raises(AlreadyMember), store.transaction() as work:
        work.teams.add_member(a_membership(team, ada, joined_at=NOON + timedelta(days=1)))
        work.commit()
    with store.look() as stored:
        assert stored.teams.of(ada.id) == [(team, a_membership(team, ada))]


def test_the_teams_of_a_user_are_exported(store, ada, team):
    with store.look() as stored:
        assert stored.teams.exported(ada.id, None).items == [exported_team(team, a_membership(team, ada))]
        assert stored.teams.exported(uuid7(), None).items == []


def test_forgetting_a_user_deletes_the_teams_without_another_member_and_all_memberships(store, ada, team):
    eve = add_user(store, "eve@example.org")
    shared = add_team(store, ada, a_team("Shared", personal=False))
    own = add_team(store, ada, a_team("Own", personal=False))
    eves = add_team(store, eve, a_team("Eve's team"))
    with store.transaction() as work:
        work.teams.add_member(a_membership(shared, eve))
        work.teams.forget(ada.id)
        work.commit()

    with store.look() as stored:
        assert (stored.teams.get(team.id), stored.teams.get(own.id)) == (None, None)
        assert stored.teams.of(ada.id) == []
        assert stored.teams.of(eve.id) == [
            (shared, a_membership(shared, eve)),
            (eves, a_membership(eves, eve)),
        ]


def test_forgetting_a_user_of_no_team_deletes_no_team(store, ada, team):
    with store.transaction() as work:
        work.teams.forget(uuid7())
        work.commit()
    with store.look() as stored:
        assert stored.teams.get(team.id) == team


def test_locking_a_team_returns_the_stored_team(store, team):
    with store.transaction() as work:
        assert work.teams.lock(team.id) == team
        assert work.teams.lock(uuid7()) is None


def test_a_deleted_team_is_gone_with_its_memberships(store, ada, team):
    with store.transaction() as work:
        work.teams.delete(team.id)
        work.teams.delete(uuid7())
        work.commit()
    with store.look() as stored:
        assert stored.teams.get(team.id) is None
        assert stored.teams.of(ada.id) == []


def test_a_member_finds_the_membership_and_an_outsider_no_team(store, ada, team):
    eve = add_user(store, "eve@example.org")
    actors = [SignedIn(CLIENT, user, a_session(user.id)) for user in (ada, eve)]

    with store.look() as stored:
        assert stored.teams.member(team.id, actors[0]) == a_membership(team, ada)
        with pytest.raises(NotFound):
            stored.teams.member(team.id, actors[1])


def test_the_members_are_listed_by_the_page_with_their_usernames(store, ada, team):
    users = [ada] + [add_user(store, f"{name}@example.org") for name in ("bob", "cyd")]
    other = add_team(store, users[1], a_team("Other"))
    with store.transaction() as work:
        for user in users[1:]:
            work.teams.add_member(a_membership(team, user, role=TeamRole.MEMBER))
        work.commit()

    with store.look() as stored:
        first = stored.teams.members(team.id, None, 2)
        second = stored.teams.members(team.id, first.next, 2)
        assert len(stored.teams.members(other.id, None, 1).items) == 1
        assert stored.teams.members(other.id, None, 1).next is None
    assert [member.username for member in first.items] == ["ada", "bob"]
    assert [member.username for member in second.items] == ["cyd"]
    assert (first.next, second.next) == (users[1].id, None)


def test_a_role_changes_for_one_member_of_one_team(store, ada, team):
    eve = add_user(store, "eve@example.org")
    second = add_team(store, ada, a_team("Second"))
    with store.transaction() as work:
        work.teams.add_member(a_membership(team, eve))
        work.teams.change_role(team.id, ada.id, TeamRole.MEMBER)
        work.teams.change_role(team.id, uuid7(), TeamRole.ADMIN)
        work.commit()

    with store.look() as stored:
        assert stored.teams.membership(team.id, ada.id).role is TeamRole.MEMBER
        assert stored.teams.owners(team.id) == {eve.id}
        assert stored.teams.owners(second.id) == {ada.id}


def test_a_member_is_removed_from_one_team(store, ada, team):
    second = add_team(store, ada, a_team("Second"))
    with store.transaction() as work:
        work.teams.remove_member(team.id, ada.id)
        work.teams.remove_member(team.id, uuid7())
        work.commit()

    with store.look() as stored:
        assert [found for found, _ in stored.teams.of(ada.id)] == [second]
        assert stored.teams.get(team.id) == team


@pytest.mark.parametrize("change", ["remove", "demote"])
def test_one_of_two_racing_owners_stays(store, ada, team, change):
    eve = add_user(store, "eve@example.org")
    with store.transaction() as work:
        work.teams.add_member(a_membership(team, eve))
        work.commit()

    def leave(user):
        with store.transaction() as work:
            assert work.teams.lock(team.id)
            if work.teams.owners(team.id) != {user.id}:
                if change == "remove":
                    work.teams.remove_member(team.id, user.id)
                else:
                    work.teams.change_role(team.id, user.id, TeamRole.MEMBER)
                work.commit()

    racing(lambda number: leave([ada, eve][number]), times=2)
    with store.look() as stored:
        assert len(stored.teams.owners(team.id)) == 1


def test_all_teams_are_listed_newest_first(store, ada, team):
    second = add_team(store, ada, a_team("Second"))
    with store.look() as stored:
        first = stored.teams.page(None, 1)
        assert (first.items, stored.teams.page(first.next, 1).items) == ([second], [team])
