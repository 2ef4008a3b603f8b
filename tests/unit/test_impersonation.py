from datetime import timedelta

import pytest

from domain.access import AnotherUser, NotWhileActing, Operator, Permission, PermissionDenied
from domain.errors import Invalid, NotFound
from domain.events import Tag
from domain.impersonation import LONGEST_REASON
from domain.sessions import LONGEST_ACTING
from domain.users import Role
from tests.samples import CLIENT, GOOD_PASSWORD

REASON = "Ticket 7: the list is empty"


@pytest.fixture
def eve(world):
    """An administrator, and the secret of its session."""
    _, secret = world.register("eve")
    world.administration.grant(
        Operator(CLIENT), world.administration.user_with(Operator(CLIENT), "eve@example.org").id, Role.ADMIN
    )
    return world.sessions.authenticate(secret, CLIENT)[0], secret


@pytest.fixture
def acting(world, ada, eve):
    """The session of eve that acts as ada."""
    world.impersonation.begin(eve[0], ada.id, REASON)
    return now_of(world, eve)


def now_of(world, eve):
    return world.sessions.authenticate(eve[1], CLIENT)[0]


def test_an_administrator_acts_as_a_user(world, ada, eve, acting):
    assert (acting.id, acting.person_id, acting.acting) == (ada.id, eve[0].id, True)
    assert not any(map(acting.may, Permission))
    assert not ada.acting


def test_each_event_has_the_user_and_the_administrator(world, ada, eve, acting):
    world.accounts.rename(acting, "countess")

    begun, renamed = world.recorded[-2:]
    assert (begun.tag, begun.detail) == (Tag.ACTING_BEGAN, REASON)
    assert renamed.tag == Tag.USERNAME_CHANGED
    assert {(event.user_id, event.actor_id) for event in (begun, renamed)} == {(ada.id, eve[0].id)}
    assert [event.by for event in world.events.mine(ada, None, 2).items] == ["eve", "eve"]


def test_the_administrator_ends_acting(world, ada, eve, acting):
    world.impersonation.end(acting)

    assert now_of(world, eve).id == eve[0].id
    assert (world.tags[-1], world.recorded[-1].user_id) == (Tag.ACTING_ENDED, ada.id)
    with pytest.raises(NotFound):
        world.impersonation.end(now_of(world, eve))


def test_acting_ends_after_its_longest_time(world, eve, acting):
    world.clock.now += LONGEST_ACTING - timedelta(seconds=1)
    assert now_of(world, eve).id == acting.id
    world.clock.advance(seconds=1)

    assert now_of(world, eve).id == eve[0].id


def test_acting_refuses_what_only_the_user_may_do(world, acting):
    for ask in (
        lambda: world.passwords.change(acting, GOOD_PASSWORD, "another horse battery"),
        lambda: world.emails.ask_to_change(acting, "eve@example.com", GOOD_PASSWORD),
        lambda: world.emails.send_again(acting),
        lambda: next(world.accounts.export(acting)),
        lambda: world.accounts.delete(acting, GOOD_PASSWORD),
        lambda: world.teams.delete(acting, world.teams.mine(acting)[0][0].id),
    ):
        with pytest.raises(NotWhileActing):
            ask()


def test_acting_as_an_administrator_a_disabled_user_or_oneself_is_refused(world, ada, eve):
    bob, _ = world.register("bob")
    world.administration.grant(
        Operator(CLIENT), world.administration.user_with(Operator(CLIENT), "bob@example.org").id, Role.ADMIN
    )
    with world.transaction() as work:
        disabled = work.users.get(ada.id)
        disabled.disabled_at = world.now()
        work.users.save(disabled)
        work.commit()

    for user_id in (bob.id, ada.id, eve[0].id):
        with pytest.raises(PermissionDenied):
            world.impersonation.begin(eve[0], user_id, REASON)
    with pytest.raises(NotFound):
        world.impersonation.begin(eve[0], world.new_id(), REASON)


def test_the_permission_is_checked_again_in_the_transaction(world, ada, eve):
    with pytest.raises(PermissionDenied):
        world.impersonation.begin(ada, eve[0].id, REASON)
    with world.transaction() as work:
        work.users.revoke(eve[0].id, Role.ADMIN)
        work.commit()

    with pytest.raises(PermissionDenied):
        world.impersonation.begin(eve[0], ada.id, REASON)


def test_acting_does_not_begin_while_acting(world, ada, acting):
    bob, _ = world.register("bob")

    with pytest.raises(PermissionDenied):
        world.impersonation.begin(acting, bob.id, REASON)


def test_a_request_that_waited_does_not_change_the_wrong_account(world, ada, eve, acting):
    with pytest.raises(AnotherUser):
        world.impersonation.begin(eve[0], ada.id, REASON)


@pytest.mark.parametrize("role", ["of the administrator", "of the user"])
def test_a_changed_role_ends_acting(world, ada, eve, acting, role):
    bob, _ = world.register("bob")
    world.administration.grant(Operator(CLIENT), bob.id, Role.ADMIN)
    if role == "of the administrator":
        world.administration.revoke(Operator(CLIENT), eve[0].id, Role.ADMIN)
    else:
        world.administration.grant(Operator(CLIENT), ada.id, Role.ADMIN)

    assert now_of(world, eve).id == eve[0].id


def test_disabling_the_user_ends_acting(world, ada, eve, acting):
    world.administration.change(Operator(CLIENT), ada.id, disabled=True)

    assert now_of(world, eve).id == eve[0].id


def test_logging_out_ends_the_session_of_the_administrator(world, ada, eve, acting):
    world.sessions.logout(acting)

    assert world.sessions.authenticate(eve[1], CLIENT) is None
    assert (world.tags[-1], world.recorded[-1].user_id) == (Tag.LOGGED_OUT, eve[0].id)


def test_a_mail_does_not_name_the_device_and_address_of_support(world, acting):
    world.accounts.rename(acting, "countess")

    assert world.waiting[-1].facts == {"username": "countess"}


@pytest.mark.parametrize("reason", ["", " \n ", "<b></b>", "x" * (LONGEST_REASON + 1), "bell \a"])
def test_a_reason_is_needed(world, ada, eve, reason):
    with pytest.raises(Invalid) as caught:
        world.impersonation.begin(eve[0], ada.id, reason)
    assert caught.value.fields.keys() == {"reason"}


def test_markup_is_taken_out_of_the_reason(world, ada, eve):
    world.impersonation.begin(eve[0], ada.id, "  <b>Ticket</b>\n 7 ")

    assert world.recorded[-1].detail == "Ticket 7"
