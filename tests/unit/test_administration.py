import pytest

from domain.access import LastAdmin, Operator, PermissionDenied, SignedIn
from domain.errors import Invalid, NotFound
from domain.events import Tag
from domain.mails import MailKind
from domain.users import Role
from tests.samples import CLIENT

OPERATOR = Operator(CLIENT)


def admin(world, name="root_of_all"):
    actor, _ = world.register(name)
    user = world.administration.grant(OPERATOR, actor.user.email, Role.ADMIN)
    return SignedIn(CLIENT, user, actor.session)


def test_an_admin_sees_the_users_the_newest_first(world, ada):
    boss = admin(world)
    page = world.administration.users(boss, "", None, 100)

    assert [user.username for user in page.items] == ["root_of_all", "ada"]
    assert page.items[0].roles == {Role.ADMIN}
    assert page.next is None


def test_the_list_of_users_continues_at_the_cursor(world):
    for name in ("ada", "bob", "cyd"):
        world.register(name)
    first = world.administration.users(OPERATOR, "", None, 2)
    second = world.administration.users(OPERATOR, "", first.next, 2)

    assert [user.username for user in first.items + second.items] == ["cyd", "bob", "ada"]
    assert second.next is None


@pytest.mark.parametrize("limit, seen", [(0, 1), (-5, 1), (1000, 3)])
def test_a_page_size_out_of_range_is_accepted(world, limit, seen):
    for name in ("ada", "bob", "cyd"):
        world.register(name)

    assert len(world.administration.users(OPERATOR, "", None, limit).items) == seen


@pytest.mark.parametrize("search", ["ADA", " da@exam", "ada"])
def test_users_are_found_by_a_part_of_their_address_or_name(world, ada, search):
    world.register("bob")

    assert [user.id for user in world.administration.users(OPERATOR, search, None, 9).items] == [ada.id]


def test_a_user_without_the_permission_sees_no_users(world, ada):
    with pytest.raises(PermissionDenied):
        world.administration.users(ada, "", None, 10)


def test_a_role_is_granted_once(world, ada):
    world.administration.grant(OPERATOR, "ADA@example.org", Role.ADMIN)
    user = world.administration.grant(OPERATOR, "ada@example.org", Role.ADMIN)

    assert user.roles == {Role.ADMIN} == world.memory.tables["users"].get(ada.id).roles
    assert world.tags.count(Tag.ROLE_GRANTED) == 1
    assert world.recorded[-1].detail == "admin"


def test_a_role_is_revoked_once(world, ada):
    boss = admin(world)
    world.administration.grant(boss, "ada@example.org", Role.ADMIN)
    user = world.administration.revoke(boss, "ada@example.org", Role.ADMIN)
    world.administration.revoke(boss, "ada@example.org", Role.ADMIN)

    assert user.roles == frozenset() == world.memory.tables["users"].get(ada.id).roles
    assert world.tags.count(Tag.ROLE_REVOKED) == 1
    assert (world.recorded[-1].user_id, world.recorded[-1].actor_id) == (ada.id, boss.id)


def test_the_role_of_the_last_admin_cannot_be_revoked(world):
    boss = admin(world)

    with pytest.raises(LastAdmin):
        world.administration.revoke(boss, boss.user.email, Role.ADMIN)

    assert world.memory.tables["users"].get(boss.id).roles == {Role.ADMIN}


@pytest.mark.parametrize("change", ["grant", "revoke"])
def test_a_user_without_the_permission_changes_no_roles(world, ada, change):
    with pytest.raises(PermissionDenied):
        getattr(world.administration, change)(ada, "ada@example.org", Role.ADMIN)


@pytest.mark.parametrize("change", ["grant", "revoke"])
@pytest.mark.parametrize("email, error", [("unknown@example.org", NotFound), ("nonsense", Invalid)])
def test_a_role_of_an_unknown_user_is_not_changed(world, change, email, error):
    with pytest.raises(error):
        getattr(world.administration, change)(OPERATOR, email, Role.ADMIN)


def test_an_operator_sends_a_reset_link(world, ada):
    user = world.passwords.send_reset(OPERATOR, " ADA@example.org")

    assert user.id == ada.id
    world.passwords.reset(world.token(MailKind.RESET_PASSWORD), "another horse battery", CLIENT)
    assert (world.recorded[-2].tag, world.recorded[-2].actor_id) == (Tag.PASSWORD_RESET_ASKED, None)


def test_sending_a_reset_link_needs_the_permission_and_an_account(world, ada):
    with pytest.raises(PermissionDenied):
        world.passwords.send_reset(ada, "ada@example.org")
    with pytest.raises(NotFound):
        world.passwords.send_reset(OPERATOR, "eve@example.org")
