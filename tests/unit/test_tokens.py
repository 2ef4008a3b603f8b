from datetime import timedelta

import pytest

from domain.access import NotWhileActing, Operator, Permission
from domain.errors import Invalid, NotFound, TooManyAttempts, Unavailable
from domain.events import Tag
from domain.limits import NEW_TOKENS
from domain.mails import MailKind
from domain.passwords import ProofNeeded, WrongPassword
from domain.sessions import NotLoggedIn
from domain.tokens import (
    LONGEST_TOKEN_LIFE,
    LONGEST_TOKEN_NAME,
    MOST_TOKENS,
    TOKEN_PREFIX,
    Scope,
    TokenGone,
    TooManyTokens,
    token_of,
    well_formed,
)
from domain.users import Role
from tests.samples import CLIENT, GOOD_PASSWORD, a_token

SECRET = "A" * 43
TOKEN = token_of(SECRET)


@pytest.fixture(autouse=True)
def secrets(world):
    """Secrets of 43 characters, as the container makes them."""
    world.new_secret = lambda: f"{world.count.secret().replace(' ', '-'):A<43}"
    world.tokens = world.wire(type(world.tokens))


def create(world, actor, name="Deploy", scope=Scope.WRITE, expires_at=None, password=GOOD_PASSWORD):
    return world.tokens.create(actor, name, scope, expires_at, password)


def use(world, text):
    return world.tokens.authenticate(text, CLIENT)


def test_a_token_has_a_prefix_and_a_checksum():
    assert (TOKEN[:47], len(TOKEN)) == (TOKEN_PREFIX + SECRET, 55)
    assert well_formed(TOKEN)


@pytest.mark.parametrize(
    "text",
    ["", SECRET, token_of(SECRET)[:-1], token_of(SECRET) + "0", token_of(SECRET).replace("AA", "AB", 1)],
)
def test_another_text_is_no_token(world, text):
    assert not well_formed(text)
    world.look = None  # no look at the database
    with pytest.raises(TokenGone):
        use(world, text)


def test_a_program_acts_as_the_user_by_a_token(world, ada):
    token, text = create(world, ada, " My  deploy ", Scope.READ)

    actor = use(world, text)
    assert (actor.user, actor.id, actor.person_id) == (ada.user, ada.id, ada.id)
    assert (actor.token.id, actor.token.name, actor.token.scope) == (token.id, "My deploy", Scope.READ)
    assert text not in str(world.memory.tables)
    assert world.tags[-1] is Tag.TOKEN_CREATED
    assert world.recorded[-1].detail == "", "events outlive the account"
    mail = world.waiting[-1]
    assert (mail.kind, mail.facts["name"]) == (MailKind.TOKEN_CREATED, "My deploy")
    assert text not in str(mail)


def test_a_token_of_an_administrator_has_no_permission_on_the_site(world, ada):
    world.administration.grant(Operator(CLIENT), ada.id, Role.ADMIN)
    actor = use(world, create(world, ada)[1])
    assert Role.ADMIN in actor.user.roles
    assert not any(map(actor.may, Permission))


def test_the_use_of_a_token_is_stored_once_a_minute(world, ada):
    _, text = create(world, ada)
    first = world.clock()
    use(world, text)
    world.clock.advance(seconds=59)
    use(world, text)
    assert world.rows("tokens")[0].last_used_at == first
    world.clock.advance(seconds=1)
    use(world, text)
    assert world.rows("tokens")[0].last_used_at == world.clock()


def test_a_token_works_while_its_use_cannot_be_stored(world, ada):
    _, text = create(world, ada)

    def refuse():
        raise Unavailable(1)

    world.transaction = refuse
    world.tokens = world.wire(type(world.tokens))
    assert use(world, text).id == ada.id


def test_a_token_ends_at_its_expiry(world, ada):
    _, text = create(world, ada, expires_at=world.clock() + timedelta(days=1))
    world.clock.advance(hours=23)
    assert use(world, text)
    world.clock.advance(hours=1)
    with pytest.raises(TokenGone):
        use(world, text)
    assert world.tokens.of(ada, None, 50).items == []
    assert world.housekeeping.purge()["tokens"] == 1


@pytest.mark.parametrize(
    "after", [timedelta(0), -timedelta(days=1), LONGEST_TOKEN_LIFE + timedelta(seconds=1)]
)
def test_an_expiry_lies_in_the_next_ten_years(world, ada, after):
    with pytest.raises(Invalid) as refused:
        create(world, ada, expires_at=world.clock() + after)
    assert list(refused.value.fields) == ["expires_at"]


@pytest.mark.parametrize("name", ["", "  ", "x" * (LONGEST_TOKEN_NAME + 1), "a\u202eb"])
def test_the_name_of_a_token_has_rules(world, ada, name):
    with pytest.raises(Invalid) as refused:
        create(world, ada, name)
    assert list(refused.value.fields) == ["name"]
    assert create(world, ada, "x" * LONGEST_TOKEN_NAME)


def test_the_user_revokes_a_token(world, ada):
    kept, revoked = create(world, ada), create(world, ada)
    assert [token.id for token in world.tokens.of(ada, None, 50).items] == [revoked[0].id, kept[0].id]

    world.tokens.revoke(ada, revoked[0].id)
    assert world.tags[-1] is Tag.TOKEN_REVOKED
    with pytest.raises(TokenGone):
        use(world, revoked[1])
    assert use(world, kept[1])
    with pytest.raises(NotFound):
        world.tokens.revoke(ada, revoked[0].id)
    bob, _ = world.register("bob")
    with pytest.raises(NotFound):
        world.tokens.revoke(bob, kept[0].id)


def test_a_new_token_needs_the_password(world, ada):
    for password, error in (("", ProofNeeded), ("wrong", WrongPassword)):
        with pytest.raises(error):
            create(world, ada, password=password)
    assert world.rows("tokens") == []


def test_a_session_that_has_ended_meanwhile_creates_no_token(world, ada):
    world.hasher.meanwhile = lambda: world.sessions.logout(ada)
    with pytest.raises(NotLoggedIn):
        create(world, ada)
    assert world.rows("tokens") == []


def test_a_user_has_a_hundred_tokens_at_most(world, ada):
    with world.transaction() as work:
        for number in range(MOST_TOKENS - 1):
            work.tokens.add(a_token(ada.id, f"{number:064}"))
        work.commit()
    create(world, ada)
    with pytest.raises(TooManyTokens):
        create(world, ada)
    assert len(world.rows("tokens")) == MOST_TOKENS


def test_expired_tokens_are_no_part_of_the_hundred(world, ada):
    with world.transaction() as work:
        for number in range(MOST_TOKENS):
            work.tokens.add(a_token(ada.id, f"{number:064}", expires_at=world.clock()))
        work.commit()
    assert create(world, ada)


def test_new_tokens_are_limited(world, ada):
    for _ in range(NEW_TOKENS.times):
        create(world, ada)
    with pytest.raises(TooManyAttempts):
        create(world, ada)


def test_a_token_ends_when_the_user_is_disabled_or_deleted_or_resets_the_password(world, ada):
    texts = []
    for name in ("bob", "eve", "kim"):
        actor, _ = world.register(name)
        texts.append(create(world, actor)[1])
        if name == "bob":
            world.administration.change(Operator(CLIENT), actor.id, disabled=True)
        elif name == "eve":
            world.accounts.delete(actor, GOOD_PASSWORD)
        else:
            world.passwords.forgot("kim@example.org", CLIENT)
            world.passwords.reset(world.token(MailKind.RESET_PASSWORD), "another long password", CLIENT)
    for text in texts:
        with pytest.raises(TokenGone):
            use(world, text)


def test_a_changed_password_keeps_the_tokens(world, ada):
    _, text = create(world, ada)
    world.passwords.change(ada, GOOD_PASSWORD, "another long password")
    assert use(world, text)


def test_a_use_case_asks_again_for_a_token_that_was_revoked_meanwhile(world, ada):
    token, text = create(world, ada)
    actor = use(world, text)
    with world.transaction() as work:
        assert world.reauthentication.still(work, actor) == ada.user
    world.tokens.revoke(ada, token.id)
    with pytest.raises(TokenGone), world.transaction() as work:
        world.reauthentication.still(work, actor)


def test_support_creates_and_revokes_no_token(world, ada):
    eve, secret = world.register("eve")
    world.administration.grant(Operator(CLIENT), eve.id, Role.ADMIN)
    token, _ = create(world, ada)
    world.impersonation.begin(world.sessions.authenticate(secret, CLIENT)[0], ada.id, "Ticket 7")
    acting, _ = world.sessions.authenticate(secret, CLIENT)
    with pytest.raises(NotWhileActing):
        create(world, acting)
    with pytest.raises(NotWhileActing):
        world.tokens.revoke(acting, token.id)
