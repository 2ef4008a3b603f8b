from dataclasses import replace

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.teams import Membership
from domain.two_factor import exported_factor
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_factor, a_membership, a_team, a_user

CODES = ["1" * 64, "2" * 64]


@pytest.fixture
def users(store):
    users = [a_user(), a_user("eve@example.org")]
    with store.transaction() as work:
        for user in users:
            work.users.add(user)
        work.commit()
    return users


def change(store, do):
    with store.transaction() as work:
        answer = do(work)
        work.commit()
    return answer


def test_a_user_has_one_factor_at_most(store, users):
    ada, eve = users
    factor = a_factor(ada.id)
    change(store, lambda work: work.two_factor.add(factor))
    with store.look() as stored:
        assert stored.two_factor.get(ada.id) == factor
        assert stored.two_factor.get(eve.id) is None
    for another in (a_factor(ada.id), a_factor(uuid7())):
        with pytest.raises(Stale):
            change(store, lambda work, another=another: work.two_factor.add(another))


def test_a_factor_is_confirmed(store, users):
    ada, eve = users
    for user in users:
        change(store, lambda work, user=user: work.two_factor.add(a_factor(user.id)))
    change(store, lambda work: work.two_factor.confirm(ada.id, NOON))
    with store.look() as stored:
        assert stored.two_factor.get(ada.id) == replace(a_factor(ada.id), confirmed_at=NOON)
        assert not stored.two_factor.get(eve.id).on


def test_a_time_step_and_earlier_ones_are_used_once(store, users):
    ada, eve = users
    change(store, lambda work: work.two_factor.add(a_factor(ada.id, last_step=60_000_000)))

    def use(user, step):
        return change(store, lambda work: work.two_factor.use_step(user.id, step))

    assert [use(ada, 60_000_000 + step) for step in (-1, 0, 1, 1, 0, 2)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    assert not use(eve, 60_000_000)


def test_one_of_twenty_uses_a_code(store, users):
    ada, _ = users
    change(store, lambda work: work.two_factor.add(a_factor(ada.id)))
    change(store, lambda work: work.two_factor.set_recovery_codes(ada.id, CODES))

    def use(_):
        return change(store, lambda work: work.two_factor.use_step(ada.id, 7))

    def recover(_):
        return change(store, lambda work: work.two_factor.use_recovery_code(ada.id, CODES[0]))

    assert sorted(racing(use, 20)) == [False] * 19 + [True]
    assert sorted(racing(recover, 20)) == [False] * 19 + [True]


def test_recovery_codes_are_replaced_and_counted(store, users):
    ada, _ = users
    for user in users:
        change(store, lambda work, user=user: work.two_factor.add(a_factor(user.id)))
        change(store, lambda work, user=user: work.two_factor.set_recovery_codes(user.id, CODES))
    change(store, lambda work: work.two_factor.set_recovery_codes(ada.id, ["3" * 64]))

    with store.look() as stored:
        assert [stored.two_factor.recovery_codes_left(user.id) for user in users] == [1, 2]
        assert stored.two_factor.exported(ada.id, None).items == [exported_factor(a_factor(ada.id), 1)]
    assert not change(store, lambda work: work.two_factor.use_recovery_code(ada.id, CODES[0]))
    with pytest.raises(Stale):
        change(store, lambda work: work.two_factor.set_recovery_codes(uuid7(), CODES))


def test_a_factor_is_forgotten_with_its_codes_and_with_its_user(store, users):
    ada, eve = users
    for user in users:
        change(store, lambda work, user=user: work.two_factor.add(a_factor(user.id)))
        change(store, lambda work, user=user: work.two_factor.set_recovery_codes(user.id, CODES))
    change(store, lambda work: work.two_factor.forget(ada.id))
    change(store, lambda work: work.users.forget(eve.id))
    with store.look() as stored:
        for user in users:
            assert stored.two_factor.get(user.id) is None
            assert stored.two_factor.recovery_codes_left(user.id) == 0


def test_a_member_without_a_factor_is_barred_from_a_team_that_needs_one(store, users):
    ada, eve = users
    team, other = a_team(needs_two_factor=True), a_team("Others")

    def add(work):
        work.teams.add(team)
        work.teams.add(other)
        for user in users:
            work.teams.add_member(a_membership(team, user))
            work.teams.add_member(a_membership(other, user))
        for user, confirmed_at in ((ada, NOON), (eve, None)):
            work.two_factor.add(a_factor(user.id, confirmed_at=confirmed_at))

    change(store, add)
    with store.look() as stored:
        assert stored.teams.get(team.id) == team
        barred = [[mine.barred for _, mine in stored.teams.of(user.id)] for user in users]
        assert barred == [[False, False], [True, False]]
        assert [member.barred for member in stored.teams.members(team.id, None, 5).items] == [False, True]
        found = stored.teams.membership(team.id, eve.id)
    assert isinstance(found, Membership)
    assert found.barred is True


def test_the_need_of_a_team_is_saved(store):
    team = a_team()
    change(store, lambda work: work.teams.add(team))
    team.needs_two_factor = True
    change(store, lambda work: work.teams.save(team))
    with store.look() as stored:
        assert stored.teams.get(team.id).needs_two_factor is True
