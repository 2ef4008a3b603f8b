import pytest

from domain.access import Operator, PermissionDenied
from domain.audit import Tag
from domain.errors import Invalid, NotFound
from domain.passwords import WrongPassword
from domain.teams import TeamRole
from domain.users import EmailTaken, Role, UsernameTaken
from tests.samples import CLIENT, GOOD_PASSWORD

OPERATOR = Operator(CLIENT)


def register(world, username="ada", email="ada@example.org", password=GOOD_PASSWORD, replacing=None):
    return world.accounts.register(username, email, password, replacing=replacing, client=CLIENT)


def test_registering_stores_a_user_who_is_not_verified_yet(world):
    actor, _ = register(world, email=" Ada@Example.org ")

    assert world.memory.tables.users == {actor.id: actor.user}
    assert actor.user.email == "ada@example.org"
    assert actor.user.password_hash == f"hash of {GOOD_PASSWORD}"
    assert actor.user.email_verified_at is None
    assert actor.user.roles == frozenset()


def test_registering_logs_in(world):
    actor, secret = register(world)

    found, _ = world.sessions.authenticate(secret, CLIENT)
    assert found == actor


def test_who_registers_owns_a_personal_team(world):
    actor, _ = register(world)

    [(team, membership)] = world.teams.mine(actor)
    assert (team.name, team.personal, membership.role) == ("ada's team", True, TeamRole.OWNER)


def test_registering_is_audited(world):
    actor, _ = register(world)

    [event] = world.events
    assert (event.tag, event.user_id, event.actor_id) == (Tag.REGISTERED, actor.id, actor.id)
    assert (event.ip, event.user_agent) == (CLIENT.ip, CLIENT.user_agent)


def test_registering_ends_the_session_that_the_client_had(world):
    _, old = register(world)
    register(world, "eve", "eve@example.org", replacing=old)

    assert world.sessions.authenticate(old, CLIENT) is None


def test_an_address_can_register_once(world):
    register(world)

    with pytest.raises(EmailTaken):
        register(world, "other", "ADA@example.org")


def test_a_username_can_register_once_in_any_case(world):
    register(world)

    with pytest.raises(UsernameTaken):
        register(world, "ADA", "other@example.org")


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_stored(world):
    with pytest.raises(Invalid) as caught:
        register(world, "1", "not-an-address", "short")

    assert caught.value.fields.keys() == {"username", "email", "password"}
    assert world.memory.tables.users == {}
    assert world.events == []


def test_a_password_made_of_the_username_is_refused(world):
    with pytest.raises(Invalid) as caught:
        register(world, "correct_horse_battery", password="correct_horse_battery")

    assert caught.value.fields == {
        "password": ["This password is too easy to guess. It is made of your name."]
    }


def test_the_operator_creates_an_admin(world):
    user = world.accounts.create(OPERATOR, "ada", "ada@example.org", GOOD_PASSWORD, frozenset({Role.ADMIN}))

    assert world.memory.tables.users[user.id].roles == {Role.ADMIN} == user.roles
    assert world.memory.tables.sessions == {}
    assert world.tags == [Tag.REGISTERED, Tag.ROLE_GRANTED]
    assert [event.actor_id for event in world.events] == [None, None]


def test_the_operator_creates_somebody_without_a_role(world):
    world.accounts.create(OPERATOR, "ada", "ada@example.org", GOOD_PASSWORD)

    assert world.tags == [Tag.REGISTERED]


def test_nobody_else_creates_accounts_for_others(world, ada):
    with pytest.raises(PermissionDenied):
        world.accounts.create(ada, "eve", "eve@example.org", GOOD_PASSWORD)


def test_changing_the_address(world, ada):
    user = world.accounts.change_email(ada, " New@Example.org", GOOD_PASSWORD)

    assert world.memory.tables.users[ada.id] == user
    assert (user.email, user.email_verified_at, user.version) == ("new@example.org", None, 2)
    assert world.tags[-1] == Tag.EMAIL_CHANGED
    assert world.login("new@example.org")


@pytest.mark.parametrize("password", ["", "wrong horse battery"])
def test_changing_the_address_takes_the_current_password(world, ada, password):
    with pytest.raises(WrongPassword):
        world.accounts.change_email(ada, "new@example.org", password)

    assert world.memory.tables.users[ada.id].email == "ada@example.org"


def test_an_address_that_is_taken_cannot_be_changed_to(world, ada):
    world.register("eve")

    with pytest.raises(EmailTaken):
        world.accounts.change_email(ada, "EVE@example.org", GOOD_PASSWORD)

    assert world.memory.tables.users[ada.id].email == "ada@example.org"
    assert Tag.EMAIL_CHANGED not in world.tags


def test_who_is_gone_changes_nothing(world, ada):
    world.memory.tables.users.clear()

    with pytest.raises(NotFound):
        world.accounts.change_email(ada, "new@example.org", GOOD_PASSWORD)
