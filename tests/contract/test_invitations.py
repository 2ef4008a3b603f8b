from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.access import TeamRole
from domain.errors import Stale
from domain.personal import exported
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_membership, a_team, a_user, an_invitation

LATER = NOON + timedelta(hours=1)  # when the samples expire


@pytest.fixture
def ada(store):
    ada = a_user()
    with store.transaction() as work:
        work.users.add(ada)
        work.commit()
    return ada


@pytest.fixture
def team(store, ada):
    team = a_team()
    with store.transaction() as work:
        work.teams.add(team)
        work.teams.add_member(a_membership(team, ada))
        work.commit()
    return team


@pytest.fixture
def invitation(store, team, ada):
    return add(store, an_invitation(team, ada, role=TeamRole.ADMIN))


def add(store, invitation):
    with store.transaction() as work:
        work.invitations.add(invitation)
        work.commit()
    return invitation


def left(store, team):
    with store.look() as stored:
        return stored.invitations.of(team.id, NOON, None, 10).items


def test_an_invitation_comes_back_equal_with_the_names_of_team_and_inviter(store, team, invitation):
    with store.look() as stored:
        found = stored.invitations.find(invitation.token_hash, NOON)
        assert found == stored.invitations.in_team(team.id, invitation.id) == invitation
        assert (found.team_name, found.invited_by) == (team.name, "ada")
        assert stored.invitations.in_team(uuid7(), invitation.id) is None
        assert stored.invitations.find("e" * 64, NOON) is None
        assert stored.invitations.find(invitation.token_hash, LATER) is None


def test_the_invitations_of_a_team_are_listed_newest_first_while_they_are_valid(store, ada, team, invitation):
    other = a_team()
    with store.transaction() as work:
        work.teams.add(other)
        work.commit()
    newer = add(store, an_invitation(team, ada, "cyd@example.org", token_hash="e" * 64))
    add(store, an_invitation(team, ada, "dan@example.org", token_hash="f" * 64, expires_at=NOON))
    add(store, an_invitation(other, ada, token_hash="0" * 64))

    with store.look() as stored:
        first = stored.invitations.of(team.id, NOON, None, 1)
        second = stored.invitations.of(team.id, NOON, first.next, 1)
    assert (first.items, second.items, second.next) == ([newer], [invitation], None)


def test_an_address_has_one_invitation_to_a_team(store, ada, team, invitation):
    with pytest.raises(Stale):
        add(store, an_invitation(team, ada, "BOB@example.org", token_hash="e" * 64))
    with pytest.raises(Stale):
        add(store, an_invitation(team, ada, "cyd@example.org"))  # the token of the other one
    assert left(store, team) == [invitation]


@pytest.mark.parametrize("missing", ["team", "inviter"])
def test_an_invitation_needs_its_team_and_its_inviter(store, ada, team, missing):
    with pytest.raises(Stale):
        add(
            store, an_invitation(*(a_team(), ada) if missing == "team" else (team, a_user("eve@example.org")))
        )


def test_an_invitation_is_deleted_with_its_inviter(store, ada, team, invitation):
    with store.transaction() as work:
        work.users.forget(ada.id)
        work.commit()
    assert left(store, team) == []


def test_an_invitation_is_deleted_with_its_team(store, team, invitation):
    with store.transaction() as work:
        work.teams.delete(team.id)
        work.commit()
    with store.look() as stored:
        assert stored.invitations.find(invitation.token_hash, NOON) is None


def test_one_of_many_racing_callers_consumes_an_invitation(store, invitation):
    def consume(number):
        with store.transaction() as work:
            consumed = work.invitations.consume(invitation.token_hash, NOON)
            work.commit()
        return consumed

    assert sorted(racing(consume)) == [False] * 7 + [True]


def test_an_expired_invitation_is_not_consumed(store, team, invitation):
    with store.transaction() as work:
        assert not work.invitations.consume(invitation.token_hash, LATER)
        work.commit()
    assert left(store, team) == [invitation]


def test_the_invitation_of_an_address_is_dropped(store, ada, team, invitation):
    kept = add(store, an_invitation(team, ada, "cyd@example.org", token_hash="e" * 64))
    with store.transaction() as work:
        work.invitations.drop(team.id, "BOB@example.org")
        work.invitations.drop(uuid7(), "cyd@example.org")
        work.commit()
    assert left(store, team) == [kept]


@pytest.mark.parametrize("all_teams", [False, True])
def test_the_invitations_of_an_inviter_are_dropped(store, ada, team, invitation, all_teams):
    eve, other = a_user("eve@example.org"), a_team()
    with store.transaction() as work:
        work.users.add(eve)
        work.teams.add(other)
        work.commit()
    of_eve = add(store, an_invitation(team, eve, "cyd@example.org", token_hash="e" * 64))
    elsewhere = add(store, an_invitation(other, ada, token_hash="f" * 64))
    with store.transaction() as work:
        work.invitations.drop_by(ada.id, None if all_teams else team.id)
        work.commit()

    assert left(store, team) == [of_eve]
    assert left(store, other) == ([] if all_teams else [elsewhere])


def test_expired_invitations_are_purged(store, ada, team, invitation):
    kept = add(
        store,
        an_invitation(team, ada, "cyd@example.org", token_hash="e" * 64, expires_at=LATER + timedelta(1)),
    )
    with store.transaction() as work:
        assert work.invitations.purge(LATER, 10) == 1
        work.commit()
    assert left(store, team) == [kept]


def test_invitations_sent_and_received_are_exported_and_forgotten(store, ada, team, invitation):
    bob = a_user("BOB@example.org")
    with store.transaction() as work:
        work.users.add(bob)
        work.commit()
    other = add(store, an_invitation(team, ada, "cyd@example.org", token_hash="e" * 64))

    with store.look() as stored:
        sent = stored.invitations.exported(ada.id, None).items
        received = stored.invitations.exported(bob.id, None).items
        assert stored.invitations.exported(uuid7(), None).items == []
        shown = exported(stored.invitations.in_team(team.id, invitation.id))
    assert ([row["id"] for row in sent], received) == ([other.id, invitation.id], [shown])

    with store.transaction() as work:
        work.invitations.forget(bob.id)
        work.commit()
    assert left(store, team) == [other]
    with store.transaction() as work:
        work.invitations.forget(ada.id)
        work.commit()
    assert left(store, team) == []
