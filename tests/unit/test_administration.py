from datetime import UTC, datetime
from uuid import RFC_4122

import pytest

from domain.access import LastAdmin, Operator, PermissionDenied, SignedIn, UserDisabled
from domain.errors import Invalid, NotFound
from domain.events import EventFilter, Tag, first_id
from domain.links import LinkGone
from domain.mails import MailKind
from domain.sessions import AccountDisabled, Client, WrongCredentials
from domain.users import Role
from tests.samples import CLIENT, GOOD_PASSWORD, a_user

OPERATOR = Operator(CLIENT)


def admin(world, name="root_of_all"):
    actor, _ = world.register(name)
    user = world.administration.grant(OPERATOR, actor.id, Role.ADMIN)
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


def test_the_users_that_a_search_finds_are_counted(world, ada):
    world.register("bob")

    assert world.administration.count_users(OPERATOR, "") == 2
    assert world.administration.count_users(OPERATOR, " ADA") == 1
    assert world.administration.count_users(OPERATOR, "cyd") == 0


def test_the_events_of_a_filter_are_counted(world, ada):
    world.register("bob")
    mine = EventFilter(user_id=ada.id)

    number = len(world.administration.events_of(OPERATOR, mine, None, 9).items)
    assert world.administration.count_events(OPERATOR, mine) == number > 0
    assert world.administration.count_events(OPERATOR, EventFilter()) == 2 * number
    assert world.events.count_mine(ada) == number


@pytest.mark.parametrize("limit, seen", [(0, 1), (-5, 1), (1000, 3)])
def test_a_page_size_out_of_range_is_accepted(world, limit, seen):
    for name in ("ada", "bob", "cyd"):
        world.register(name)

    assert len(world.administration.users(OPERATOR, "", None, limit).items) == seen


@pytest.mark.parametrize("search", ["ADA", " ada@exam", "ad", "example", "@EXAMPLE"])
def test_users_are_found_by_the_beginning_of_username_address_or_domain(world, ada, search):
    with world.transaction() as work:
        work.users.add(a_user("bob@other.net"))
        work.commit()

    assert [user.id for user in world.administration.users(OPERATOR, search, None, 9).items] == [ada.id]


def stored(world, actor):
    with world.look() as stored:
        return stored.users.get(actor.id)


def test_a_user_is_found_by_the_whole_username(world, ada):
    world.register("adam")
    for name in ("ada", "Ada"):
        assert world.administration.user_with(OPERATOR, name) == ada.user
    for name in ("nonsense", "ad", " "):
        with pytest.raises(NotFound):
            world.administration.user_with(OPERATOR, name)


def test_a_user_is_found_by_id_and_address(world, ada):
    assert world.administration.user(OPERATOR, ada.id) == ada.user
    assert world.administration.user_with(OPERATOR, " ADA@example.org") == ada.user
    for ask, what, error in (
        (world.administration.user, world.new_id(), NotFound),
        (world.administration.user_with, "unknown@example.org", NotFound),
        (world.administration.user_with, "ada@", Invalid),
    ):
        with pytest.raises(error):
            ask(OPERATOR, what)


def test_a_user_without_the_permission_is_refused_every_use_case(world, ada):
    administration, bob = world.administration, world.register("bob")[0]
    for ask in (
        lambda: administration.users(ada, "", None, 10),
        lambda: administration.user(ada, bob.id),
        lambda: administration.user_with(ada, "bob@example.org"),
        lambda: administration.change(ada, bob.id),
        lambda: administration.change(ada, bob.id, disabled=True),
        lambda: administration.change(ada, bob.id, roles=frozenset()),
        lambda: administration.grant(ada, ada.id, Role.ADMIN),
        lambda: administration.revoke(ada, bob.id, Role.ADMIN),
        lambda: administration.end_sessions(ada, bob.id),
        lambda: administration.teams(ada, None, 10),
        lambda: administration.team(ada, world.teams.mine(bob)[0][0].id, None, 10),
        lambda: administration.events_of(ada, EventFilter(), None, 10),
        lambda: administration.count_users(ada, ""),
        lambda: administration.count_events(ada, EventFilter()),
        lambda: world.passwords.send_reset(ada, bob.id),
        lambda: world.emails.send_to(ada, bob.id),
    ):
        with pytest.raises(PermissionDenied):
            ask()


def test_a_user_that_does_not_exist_is_not_found(world):
    administration, id = world.administration, world.new_id()
    for ask in (
        lambda: administration.change(OPERATOR, id, disabled=True),
        lambda: administration.grant(OPERATOR, id, Role.ADMIN),
        lambda: administration.end_sessions(OPERATOR, id),
        lambda: administration.team(OPERATOR, id, None, 10),
        lambda: world.passwords.send_reset(OPERATOR, id),
        lambda: world.emails.send_to(OPERATOR, id),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_role_is_granted_once(world, ada):
    world.administration.grant(OPERATOR, ada.id, Role.ADMIN)
    user = world.administration.grant(OPERATOR, ada.id, Role.ADMIN)

    assert user.roles == {Role.ADMIN} == stored(world, ada).roles
    assert world.tags.count(Tag.ROLE_GRANTED) == 1
    assert world.recorded[-1].detail == "admin"


def test_a_role_is_revoked_once(world, ada):
    boss = admin(world)
    world.administration.grant(boss, ada.id, Role.ADMIN)
    world.administration.revoke(boss, ada.id, Role.ADMIN)
    user = world.administration.revoke(boss, ada.id, Role.ADMIN)

    assert user.roles == frozenset() == stored(world, ada).roles
    assert world.tags.count(Tag.ROLE_REVOKED) == 1
    assert (world.recorded[-1].user_id, world.recorded[-1].actor_id) == (ada.id, boss.id)


def test_a_change_sets_exactly_these_roles(world, ada):
    boss = admin(world)
    assert world.administration.change(boss, ada.id, roles=frozenset({Role.ADMIN})).roles == {Role.ADMIN}
    assert world.administration.change(boss, ada.id).roles == {Role.ADMIN}
    assert world.administration.change(boss, ada.id, roles=frozenset()).roles == frozenset()
    assert stored(world, ada).roles == frozenset()


def test_a_disabled_user_loses_all_sessions_and_links(world, ada):
    _, secret = world.login()
    team, _ = world.teams.mine(ada)[0]
    world.passwords.forgot("ada@example.org", CLIENT)
    user = world.administration.change(OPERATOR, ada.id, disabled=True)

    assert user.disabled and user.disabled_at == world.now()
    assert world.sessions.authenticate(secret, CLIENT) is None
    assert world.rows("links") == []
    assert not {MailKind.RESET_PASSWORD, MailKind.VERIFY_EMAIL} & {mail.kind for mail in world.waiting}
    assert world.tags[-1] == Tag.DISABLED
    assert world.teams.mine(ada)[0][0] == team


def test_a_login_names_a_disabled_account_after_the_correct_password_only(world, ada):
    world.administration.change(OPERATOR, ada.id, disabled=True)

    with pytest.raises(AccountDisabled):
        world.login()
    assert world.tags[-1] == Tag.LOGIN_REFUSED
    with pytest.raises(WrongCredentials) as caught:
        world.login(password="wrong horse battery")
    assert type(caught.value) is WrongCredentials
    assert (AccountDisabled.code, len(world.rows("sessions"))) == (WrongCredentials.code, 0)


def test_a_login_fails_when_the_user_is_disabled_during_the_hash(world, ada):
    world.hasher.meanwhile = lambda: world.administration.change(OPERATOR, ada.id, disabled=True)

    with pytest.raises(AccountDisabled):
        world.login()
    assert world.rows("sessions") == []


def test_an_enabled_user_logs_in_again(world, ada):
    world.administration.change(OPERATOR, ada.id, disabled=True)
    for _ in range(2):
        user = world.administration.change(OPERATOR, ada.id, disabled=False)

    assert not user.disabled
    assert world.tags[-2:] == [Tag.DISABLED, Tag.ENABLED]
    world.login()


def test_a_disabled_user_gets_no_link(world, ada):
    world.administration.change(OPERATOR, ada.id, disabled=True)
    before = len(world.waiting)
    world.passwords.forgot("ada@example.org", CLIENT)

    assert len(world.waiting) == before
    for ask in (world.passwords.send_reset, world.emails.send_to):
        with pytest.raises(UserDisabled):
            ask(OPERATOR, ada.id)


def test_a_reset_fails_when_the_user_is_disabled_during_the_hash(world, ada):
    world.passwords.forgot("ada@example.org", CLIENT)
    token = world.token(MailKind.RESET_PASSWORD)

    def disable_and_keep_the_link():
        with world.transaction() as work:
            user = work.users.get(ada.id)
            user.disabled_at = world.now()
            work.users.save(user)
            work.commit()

    world.hasher.meanwhile = disable_and_keep_the_link
    with pytest.raises(LinkGone):
        world.passwords.reset(token, "another horse battery", CLIENT)


def test_the_last_administrator_cannot_be_removed(world):
    boss = admin(world)
    for ask in (
        lambda: world.administration.revoke(boss, boss.id, Role.ADMIN),
        lambda: world.administration.change(boss, boss.id, roles=frozenset()),
        lambda: world.administration.change(boss, boss.id, disabled=True),
        lambda: world.accounts.delete(boss, GOOD_PASSWORD),
    ):
        with pytest.raises(LastAdmin):
            ask()
    assert stored(world, boss).roles == {Role.ADMIN} and not stored(world, boss).disabled


@pytest.mark.parametrize("loses", ["role", "account", "enabled"])
def test_an_administrator_that_loses_its_rights_while_it_waits_changes_nothing(world, ada, loses):
    admin(world, "third")
    second = admin(world, "second")
    if loses == "role":
        world.administration.revoke(OPERATOR, second.id, Role.ADMIN)
    elif loses == "account":
        world.accounts.delete(second, GOOD_PASSWORD)
    else:
        world.administration.change(OPERATOR, second.id, disabled=True)

    # `second` was read before: its request waited for the lock.
    for ask in (
        lambda: world.administration.change(second, ada.id, disabled=True),
        lambda: world.administration.change(second, ada.id, roles=frozenset({Role.ADMIN})),
        lambda: world.administration.grant(second, ada.id, Role.ADMIN),
    ):
        with pytest.raises(PermissionDenied):
            ask()
    assert stored(world, ada) == ada.user


def test_a_disabled_administrator_does_not_replace_the_last_one(world, ada):
    boss = admin(world)
    world.administration.grant(boss, ada.id, Role.ADMIN)
    world.administration.change(boss, ada.id, disabled=True)

    with pytest.raises(LastAdmin):
        world.administration.revoke(boss, boss.id, Role.ADMIN)
    assert world.administration.revoke(boss, ada.id, Role.ADMIN).roles == frozenset()


def test_an_administrator_ends_all_sessions_of_a_user(world, ada):
    _, secret = world.login()
    world.administration.end_sessions(admin(world), ada.id)

    assert world.sessions.authenticate(secret, CLIENT) is None
    assert (world.tags[-1], world.recorded[-1].user_id) == (Tag.ALL_SESSIONS_ENDED, ada.id)


def test_a_verification_is_sent_until_the_address_is_verified(world, ada):
    boss = admin(world)
    world.emails.send_to(boss, ada.id)
    assert (world.tags[-1], world.recorded[-1].actor_id) == (Tag.VERIFICATION_SENT, boss.id)

    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)
    before = len(world.waiting)
    world.emails.send_to(boss, ada.id)
    assert len(world.waiting) == before


def test_the_teams_are_listed_with_their_members(world, ada):
    second, _ = world.teams.create(ada, "Second")
    page = world.administration.teams(OPERATOR, None, 1)
    team, members = world.administration.team(OPERATOR, second.id, None, 10)

    assert (page.items, page.next) == ([second], second.id)
    assert (team, [member.username for member in members.items]) == (second, ["ada"])


def test_events_are_filtered(world, ada):
    bob, _ = world.register("bob")
    team, _ = world.teams.create(ada, "Second")
    world.teams.rename(ada, team.id, "Third")

    def found(after=None, **asked):
        page = world.administration.events_of(OPERATOR, EventFilter(**asked), after, 10)
        return [(event.tag, event.username, event.team) for event in page.items]

    created, renamed = (Tag.TEAM_CREATED, "ada", "Third"), (Tag.TEAM_RENAMED, "ada", "Third")
    assert found(team_id=team.id) == [renamed, created]
    assert found(user_id=bob.id) == [(Tag.REGISTERED, "bob", None)]
    assert found(tag=Tag.TEAM_CREATED, user_id=ada.id) == [created]
    assert found(tag=Tag.TEAM_CREATED, user_id=bob.id) == []
    assert len(found()) == 4
    # The ids of the fakes count from one, so they are older than any time.
    assert found(since=world.now()) == [] and len(found(until=world.now())) == 4


def test_an_event_names_the_administrator_and_hides_the_ip(world, ada):
    boss, _ = world.register("boss")
    world.administration.grant(OPERATOR, boss.id, Role.ADMIN)
    boss = SignedIn(Client("198.51.100.9", "Browser"), stored(world, boss), boss.session)
    world.administration.end_sessions(boss, ada.id)
    world.administration.change(Operator(CLIENT, "root"), ada.id, disabled=True)

    disabled, ended, registered = world.events.mine(ada, None, 10).items
    assert [event.by for event in (disabled, ended, registered)] == ["an operator", "boss", ""]
    assert [event.ip for event in (disabled, ended, registered)] == ["", "", CLIENT.ip]
    seen = world.administration.events_of(OPERATOR, EventFilter(user_id=ada.id), None, 10).items
    assert [event.operator for event in seen] == ["root", "", ""]
    assert seen[1].ip == "198.51.100.9"


def test_an_event_of_a_deleted_administrator_says_a_deleted_user(world, ada):
    boss = admin(world)
    admin(world, "second")
    world.administration.end_sessions(boss, ada.id)
    world.accounts.delete(boss, GOOD_PASSWORD)

    assert world.events.mine(ada, None, 10).items[0].by == "a deleted user"


@pytest.mark.parametrize("millisecond", [0, 1_767_268_800_123])
def test_the_lowest_id_of_a_millisecond_is_a_uuid7(millisecond):
    id = first_id(datetime.fromtimestamp(millisecond / 1000, UTC))

    assert (id.version, id.variant, id.int >> 80) == (7, RFC_4122, millisecond)
    assert id.int & ((1 << 62) - 1) == 0


def test_an_operator_sends_a_reset_link(world, ada):
    user = world.passwords.send_reset(OPERATOR, ada.id)

    assert user.id == ada.id
    world.passwords.reset(world.token(MailKind.RESET_PASSWORD), "another horse battery", CLIENT)
    assert (world.recorded[-2].tag, world.recorded[-2].actor_id) == (Tag.PASSWORD_RESET_ASKED, None)
