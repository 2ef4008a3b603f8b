import pytest

from domain.access import LastAdmin, Operator, PermissionDenied, TeamRole
from domain.errors import Invalid, TooManyAttempts
from domain.events import Tag
from domain.mails import MailKind
from domain.passwords import WrongPassword
from domain.personal import exported
from domain.secrets import hash_of
from domain.sessions import NotLoggedIn
from domain.users import EmailTaken, Role, UsernameTaken
from tests.samples import CLIENT, GOOD_PASSWORD

OPERATOR = Operator(CLIENT)


def register(world, username="ada", email="ada@example.org", password=GOOD_PASSWORD, replacing=None):
    return world.accounts.register(username, email, password, replacing=replacing, client=CLIENT)


def test_a_registration_stores_an_unverified_user(world):
    actor, _ = register(world, email=" Ada@Example.org ")

    assert world.rows("users") == [actor.user]
    assert actor.user.email == "Ada@example.org"
    assert actor.user.password_hash == f"hash of {GOOD_PASSWORD}"
    assert actor.user.email_verified_at is None
    assert actor.user.roles == frozenset()


def test_registering_logs_in(world):
    actor, secret = register(world)

    found, _ = world.sessions.authenticate(secret, CLIENT)
    assert found == actor


def test_a_new_user_owns_a_personal_team(world):
    actor, _ = register(world)

    [(team, membership)] = world.teams.mine(actor)
    assert (team.name, team.personal, membership.role) == ("ada's team", True, TeamRole.OWNER)


def test_a_registration_is_recorded(world):
    actor, _ = register(world)

    [event] = world.recorded
    assert (event.tag, event.user_id, event.actor_id) == (Tag.REGISTERED, actor.id, actor.id)
    assert (event.ip, event.user_agent) == (CLIENT.ip, CLIENT.user_agent)


def test_registering_ends_the_earlier_session_of_the_client(world):
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


def test_a_refused_registration_names_each_wrong_field_and_stores_nothing(world):
    with pytest.raises(Invalid) as caught:
        register(world, "1", "not-an-address", "short")

    assert caught.value.fields.keys() == {"username", "email", "password"}
    assert world.rows("users") == []
    assert world.recorded == []


def test_a_password_made_of_the_username_is_refused(world):
    with pytest.raises(Invalid) as caught:
        register(world, "correct_horse_battery", password="correct_horse_battery")

    [sentence] = caught.value.fields["password"]
    assert "made of your username" in sentence


def test_the_operator_creates_an_admin(world):
    user = world.accounts.create(OPERATOR, "ada", "ada@example.org", GOOD_PASSWORD, frozenset({Role.ADMIN}))

    assert world.memory.tables["users"].get(user.id).roles == {Role.ADMIN} == user.roles
    assert world.rows("sessions") == []
    assert world.tags == [Tag.REGISTERED, Tag.ROLE_GRANTED]
    assert [event.actor_id for event in world.recorded] == [None, None]


def test_the_operator_creates_a_user_without_a_role(world):
    world.accounts.create(OPERATOR, "ada", "ada@example.org", GOOD_PASSWORD)

    assert world.tags == [Tag.REGISTERED]


def test_a_user_without_the_permission_creates_no_account(world, ada):
    with pytest.raises(PermissionDenied):
        world.accounts.create(ada, "eve", "eve@example.org", GOOD_PASSWORD)


def test_registering_sends_a_link_to_the_address(world):
    register(world)

    [mail] = world.waiting
    assert (mail.kind, mail.recipient, mail.facts["username"]) == (
        MailKind.VERIFY_EMAIL,
        "ada@example.org",
        "ada",
    )
    [link] = world.rows("links")
    assert link.token_hash == hash_of(mail.facts["token"])


def test_an_ip_registers_thirty_accounts_an_hour(world):
    for number in range(30):
        register(world, f"ada{number}", f"ada{number}@example.org")

    with pytest.raises(TooManyAttempts) as caught:
        register(world, "more", "more@example.org")
    assert caught.value.retry_after == 3600
    world.clock.advance(hours=1)
    register(world, "more", "more@example.org")


def test_the_username_can_be_changed(world, ada):
    user = world.accounts.rename(ada, "Lovelace")

    assert world.memory.tables["users"].get(ada.id) == user
    assert user.username == "Lovelace"
    assert world.tags[-1] == Tag.USERNAME_CHANGED


@pytest.mark.parametrize("name, error", [("EVE", UsernameTaken), ("root", Invalid)])
def test_a_taken_or_reserved_username_is_refused(world, ada, name, error):
    world.register("eve")

    with pytest.raises(error):
        world.accounts.rename(ada, name)
    assert world.memory.tables["users"].get(ada.id).username == "ada"


def test_a_deleted_user_cannot_be_renamed(world, ada):
    world.memory.tables["users"].stored.clear()

    with pytest.raises(NotLoggedIn):
        world.accounts.rename(ada, "lovelace")


def test_a_user_sees_own_events_only(world, ada):
    world.register("eve")
    world.login()

    assert [event.tag for event in world.events.mine(ada, None, 100).items] == [Tag.LOGGED_IN, Tag.REGISTERED]


def test_everything_stored_about_a_user_is_exported(world, ada):
    found = {word: list(rows) for word, rows in world.accounts.export(ada)}

    assert found["users"] == [exported(ada.user)]
    assert found["sessions"] == [exported(ada.session)]
    assert [team["name"] for team in found["teams"]] == ["ada's team"]
    assert [event["tag"] for event in found["events"]] == [Tag.EXPORTED, Tag.REGISTERED]
    assert [device["name"] for device in found["devices"]] == ["Unknown device"]
    assert [link["email"] for link in found["links"]] == ["ada@example.org"]
    assert [mail["kind"] for mail in found["mails"]] == [MailKind.VERIFY_EMAIL]


def test_a_long_export_is_read_page_by_page(world, ada, monkeypatch):
    for _ in range(4):
        world.login()
    expected = {word: list(rows) for word, rows in world.accounts.export(ada)}
    monkeypatch.setattr("adapters.memory.rows.EXPORT_BATCH", 2)
    found = {word: list(rows) for word, rows in world.accounts.export(ada)}

    assert found.pop("events")[1:] == expected.pop("events")
    assert found == expected and len(found["sessions"]) == 5


def test_many_events_are_forgotten_in_several_transactions(world, ada, monkeypatch):
    monkeypatch.setattr("application.accounts.FORGET_BATCH", 2)
    for _ in range(4):
        world.login()
    commits, commit = [], world.transaction().__class__.commit
    monkeypatch.setattr(
        "adapters.memory.unit_of_work.MemoryUnitOfWork.commit", lambda work: commits.append(1) or commit(work)
    )
    world.accounts.delete(ada, GOOD_PASSWORD)

    assert len(commits) == 3
    assert world.rows("users") == world.rows("sessions") == world.rows("devices") == []
    assert {(event.ip, event.user_agent) for event in world.recorded} == {("", "")}
    assert world.tags[-1] == Tag.DELETED


def test_an_export_holds_no_hash_and_no_token(world, ada):
    found = str({word: list(rows) for word, rows in world.accounts.export(ada)})

    token = world.token(MailKind.VERIFY_EMAIL)
    for secret in (ada.user.password_hash, ada.session.secret_hash, token, hash_of(token)):
        assert secret not in found


def test_a_deletion_leaves_events_only(world, ada):
    eve, _ = world.register("eve")
    world.delivery.deliver()
    world.emails.ask_to_change(ada, "new@example.org", GOOD_PASSWORD)
    world.accounts.delete(ada, GOOD_PASSWORD)

    assert [user.id for user in world.rows("users")] == [eve.id]
    assert [session.user_id for session in world.rows("sessions")] == [eve.id]
    assert [team.name for team in world.rows("teams")] == ["eve's team"]
    assert [membership.user_id for membership in world.rows("memberships")] == [eve.id]
    assert [link.user_id for link in world.rows("links")] == [eve.id]
    [eves, goodbye] = world.rows("mails")
    assert (eves.recipient, goodbye.recipient) == ("eve@example.org", "ada@example.org")
    assert (goodbye.kind, goodbye.user_id) == (MailKind.ACCOUNT_DELETED, None)
    world.delivery.deliver()
    assert "ada@example.org" not in str(world.rows("mails"))
    traces = [event for event in world.recorded if event.user_id == ada.id]
    assert [event.tag for event in traces] == [Tag.REGISTERED, Tag.EMAIL_CHANGE_ASKED, Tag.DELETED]
    assert {(event.ip, event.user_agent) for event in traces} == {("", "")}
    register(world)


def test_a_parked_notice_of_a_deletion_holds_no_address(world, ada):
    world.accounts.delete(ada, GOOD_PASSWORD)
    world.mailer.broken = True
    world.clock.advance(days=1)
    world.delivery.deliver()

    [parked] = world.rows("mails")
    assert parked.parked_at and "ada" not in str(parked)


def test_deleting_an_account_needs_the_current_password(world, ada):
    with pytest.raises(WrongPassword):
        world.accounts.delete(ada, "wrong horse battery")

    assert world.memory.tables["users"].get(ada.id)


def test_the_last_admin_cannot_delete_the_account(world, ada):
    world.administration.grant(
        OPERATOR, world.administration.user_with(OPERATOR, "ada@example.org").id, Role.ADMIN
    )

    with pytest.raises(LastAdmin):
        world.accounts.delete(ada, GOOD_PASSWORD)


def test_an_address_over_the_mail_limit_registers_without_a_link(world):
    for _ in range(5):
        actor, _ = register(world)
        world.accounts.delete(actor, GOOD_PASSWORD)
    register(world)

    assert {mail.kind for mail in world.waiting} == {MailKind.ACCOUNT_DELETED}
    assert world.rows("links") == []
