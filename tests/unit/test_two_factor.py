import re

import pytest

from domain.access import NotWhileActing, Operator, PermissionDenied, TeamPermission, TeamRole
from domain.errors import NotFound, TooManyAttempts, Unavailable
from domain.events import Tag
from domain.limits import WRONG_CODES, WRONG_PASSWORDS_PER_IP
from domain.logins import PendingLogin, WrongLoginCode
from domain.mails import MailKind
from domain.passwords import ProofNeeded, WrongPassword
from domain.sessions import PROOF_LASTS
from domain.teams import Membership
from domain.two_factor import (
    RECOVERY_CODES,
    SETUP_LASTS,
    TwoFactorNeeded,
    TwoFactorOff,
    TwoFactorOn,
    WrongCode,
    WrongProof,
    is_app_code,
    recovery_code_of,
    typed_code,
)
from domain.users import Role
from tests.samples import CLIENT, GOOD_PASSWORD

OPERATOR = Operator(CLIENT)


@pytest.fixture
def codes(world, ada):
    """The recovery codes of ada, whose factor is on. The next time step has begun."""
    codes = world.set_up(ada)
    world.clock.advance(seconds=30)
    return codes


def begin_login(world, **options):
    login, secret = world.login(**options)
    assert isinstance(login, PendingLogin)
    return secret


def answer(world, secret, code):
    return world.two_factor.log_in(secret, code, CLIENT)


def an_admin(world, name="eve"):
    actor, secret = world.register(name)
    world.administration.grant(OPERATOR, actor.id, Role.ADMIN)
    return world.sessions.authenticate(secret, CLIENT)[0], secret


def test_a_recovery_code_has_eighty_bits_in_four_groups():
    code = recovery_code_of("secret 1")
    assert re.fullmatch("([a-z2-7]{4}-){3}[a-z2-7]{4}", code)
    assert code != recovery_code_of("secret 2")
    assert typed_code(f" {code.upper()} ".replace("-", " ")) == code.replace("-", "")


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "１２３４５６", "²²²²²²"])
def test_only_six_ascii_digits_are_a_code_of_an_app(text):
    assert not is_app_code(text)
    assert is_app_code("012345")


def test_the_factor_is_on_after_the_first_right_code(world, ada):
    setup = world.two_factor.begin(ada, GOOD_PASSWORD)
    assert (setup.secret in setup.url, ada.user.email in setup.url, setup.url in setup.qr_svg) == (True,) * 3
    assert world.two_factor.state(ada) == (False, 0)
    assert not isinstance(world.login()[0], PendingLogin)

    with pytest.raises(WrongCode):
        world.two_factor.confirm(ada, "000000")
    shown = world.two_factor.confirm(ada, world.code())
    assert world.two_factor.state(ada) == (True, RECOVERY_CODES)
    assert len(set(shown)) == RECOVERY_CODES
    assert not any(code.replace("-", "") in str(world.rows("recovery_codes")) for code in shown)
    assert world.tags[-2:] == [Tag.CODE_REFUSED, Tag.TWO_FACTOR_ON]
    assert world.waiting[-1].kind is MailKind.TWO_FACTOR_ON


def test_a_factor_that_is_on_is_not_begun_or_confirmed_again(world, ada, codes):
    with pytest.raises(TwoFactorOn):
        world.two_factor.begin(ada, GOOD_PASSWORD)
    with pytest.raises(TwoFactorOn):
        world.two_factor.confirm(ada, world.code())


def test_a_factor_that_was_not_begun_is_not_confirmed(world, ada):
    with pytest.raises(TwoFactorOff):
        world.two_factor.confirm(ada, world.code())


def test_a_new_begin_replaces_a_factor_that_was_not_confirmed(world, ada):
    world.two_factor.begin(ada, GOOD_PASSWORD)
    world.two_factor.begin(ada, GOOD_PASSWORD)
    assert len(world.rows("two_factors")) == 1


def test_the_begun_factor_is_shown_to_the_session_that_has_proven(world, ada):
    setup = world.two_factor.begin(ada, GOOD_PASSWORD)
    [session] = world.rows("sessions")
    proven = type(ada)(CLIENT, ada.user, session)
    assert world.two_factor.begun(proven) == setup
    with pytest.raises(ProofNeeded):
        world.two_factor.begun(ada)  # as it was read before the proof
    world.clock.advance(seconds=PROOF_LASTS.total_seconds())
    with pytest.raises(ProofNeeded):
        world.two_factor.begun(proven)


def test_there_is_nothing_to_show_without_a_begun_factor(world, ada, codes):
    world.reauthentication.prove(ada, GOOD_PASSWORD)
    [session] = world.rows("sessions")
    with pytest.raises(NotFound):
        world.two_factor.begun(type(ada)(CLIENT, ada.user, session))


def test_a_code_opens_once(world, codes):
    code, first, second = world.code(), begin_login(world), begin_login(world)
    answer(world, first, code)
    with pytest.raises(WrongLoginCode):
        answer(world, second, code)
    with pytest.raises(WrongLoginCode):
        answer(world, second, world.code(-1))  # an older one is used up, too
    assert answer(world, second, world.code(1))


@pytest.mark.parametrize("steps, right", [(-2, False), (-1, False), (0, True), (1, True), (2, False)])
def test_a_code_may_be_one_step_off(world, ada, steps, right):
    """The step before is used up by the confirmation."""
    world.set_up(ada)
    world.clock.advance(seconds=30)
    secret = begin_login(world)
    if right:
        assert answer(world, secret, world.code(steps))
    else:
        with pytest.raises(WrongLoginCode):
            answer(world, secret, world.code(steps))


def test_a_recovery_code_opens_once_and_the_user_is_told(world, ada, codes):
    assert answer(world, begin_login(world), codes[3].upper())
    mail = world.waiting[-1]
    assert (mail.kind, mail.facts["left"]) == (MailKind.RECOVERY_CODE_USED, str(RECOVERY_CODES - 1))
    assert Tag.RECOVERY_CODE_USED in world.tags
    with pytest.raises(WrongLoginCode):
        answer(world, begin_login(world), codes[3])
    assert answer(world, begin_login(world), codes[4].replace("-", ""))
    with world.look() as stored:
        [exported] = stored.two_factor.exported(ada.id, None).items
    assert exported["recovery_codes_left"] == RECOVERY_CODES - 2
    assert "secret" not in exported


def test_recovery_codes_are_counted_for_the_network(world, ada, codes):
    for _ in range(WRONG_PASSWORDS_PER_IP.times):
        with pytest.raises(WrongProof):
            world.two_factor.prove(ada, "no code")
    with pytest.raises(TooManyAttempts):
        world.two_factor.prove(ada, codes[0])


def test_what_is_no_guess_is_not_counted(world, ada):
    for _ in range(WRONG_CODES.times):
        with pytest.raises(TwoFactorOff):
            world.two_factor.confirm(ada, world.code())
    assert world.set_up(ada)


def test_a_limiter_that_is_away_after_the_commit_loses_no_recovery_codes(world, ada):
    world.two_factor.begin(ada, GOOD_PASSWORD)

    def away():
        raise Unavailable(1)

    world.limiter.count = lambda limit, subject: away
    assert len(world.two_factor.confirm(ada, world.code())) == RECOVERY_CODES
    world.limiter.forget = lambda limit, subject: away()
    world.two_factor.switch_off_for(OPERATOR, ada.id)


def test_a_begun_factor_ends_with_a_new_password_and_after_ten_minutes(world, ada):
    """Another client may know its secret."""
    world.two_factor.begin(ada, GOOD_PASSWORD)
    actor, _ = world.passwords.change(ada, GOOD_PASSWORD, "another long password")
    with pytest.raises(TwoFactorOff):
        world.two_factor.confirm(actor, world.code())

    world.two_factor.begin(actor, "another long password")
    world.clock.advance(seconds=SETUP_LASTS.total_seconds())
    with pytest.raises(TwoFactorOff):
        world.two_factor.confirm(actor, world.code())
    world.reauthentication.prove(actor, "another long password")
    with pytest.raises(NotFound):
        world.two_factor.begun(type(ada)(CLIENT, actor.user, world.rows("sessions")[0]))


def test_a_code_of_a_begun_factor_is_no_proof(world, ada):
    world.two_factor.begin(ada, GOOD_PASSWORD)
    with pytest.raises(WrongProof):
        world.two_factor.prove(ada, world.code())


def test_a_proof_does_not_prolong_itself(world, ada):
    world.reauthentication.prove(ada, GOOD_PASSWORD)
    proven = world.rows("sessions")[0]
    world.clock.advance(minutes=9)
    world.two_factor.begin(type(ada)(CLIENT, ada.user, proven), "")
    assert world.rows("sessions")[0].proven_at == proven.proven_at


def test_a_reset_password_keeps_the_factor(world, ada, codes):
    world.passwords.forgot(ada.user.email, CLIENT)
    world.passwords.reset(world.token(MailKind.RESET_PASSWORD), "another long password", CLIENT)
    assert begin_login(world, password="another long password")


def test_switching_off_asks_for_password_and_code(world, ada, codes):
    world.reauthentication.prove(ada, GOOD_PASSWORD)
    for password, code, error in (
        ("", world.code(), ProofNeeded),
        ("wrong", world.code(), WrongPassword),
        (GOOD_PASSWORD, "000000", WrongCode),
    ):
        with pytest.raises(error):
            world.two_factor.switch_off(ada, password, code)
    assert world.two_factor.state(ada)[0]

    world.two_factor.switch_off(ada, GOOD_PASSWORD, world.code())
    assert world.two_factor.state(ada) == (False, 0)
    assert (world.rows("two_factors"), world.rows("recovery_codes")) == ([], [])
    assert world.tags[-1] is Tag.TWO_FACTOR_OFF
    assert world.waiting[-1].kind is MailKind.TWO_FACTOR_OFF
    with pytest.raises(TwoFactorOff):
        world.two_factor.switch_off(ada, GOOD_PASSWORD, world.code(1))


def test_new_recovery_codes_replace_the_old_ones(world, ada, codes):
    new = world.two_factor.renew_recovery_codes(ada, GOOD_PASSWORD, codes[0])
    assert set(new).isdisjoint(codes)
    with pytest.raises(WrongLoginCode):
        answer(world, begin_login(world), codes[1])
    assert answer(world, begin_login(world), new[1])
    assert world.waiting[-2].kind is MailKind.RECOVERY_CODES_RENEWED


def test_an_administrator_switches_the_factor_of_a_user_off(world, ada, codes):
    eve, secret = an_admin(world)
    assert world.two_factor.on_for(eve, ada.id)
    with pytest.raises(ProofNeeded):
        world.two_factor.switch_off_for(eve, ada.id)
    world.reauthentication.prove(eve, GOOD_PASSWORD)
    eve, _ = world.sessions.authenticate(secret, CLIENT)
    with pytest.raises(PermissionDenied):
        world.two_factor.switch_off_for(eve, eve.id)
    world.two_factor.switch_off_for(eve, ada.id)
    assert not world.two_factor.on_for(eve, ada.id)
    event = world.recorded[-1]
    assert (event.tag, event.user_id, event.actor_id) == (Tag.TWO_FACTOR_OFF, ada.id, eve.id)
    mail = world.waiting[-1]
    assert (mail.kind, mail.recipient, "ip" in mail.facts) == (MailKind.TWO_FACTOR_OFF, ada.user.email, False)
    with pytest.raises(TwoFactorOff):
        world.two_factor.switch_off_for(eve, ada.id)
    with pytest.raises(PermissionDenied):
        world.two_factor.switch_off_for(ada, eve.id)
    with pytest.raises(NotFound):
        world.two_factor.switch_off_for(eve, world.new_id())


def test_a_code_is_a_proof(world, ada, codes):
    for code in (world.code(), codes[0]):
        with world.transaction() as work:
            work.sessions.prove(ada.session.id, world.clock() - PROOF_LASTS)
            work.commit()
        world.two_factor.prove(ada, code)
        assert world.rows("sessions")[0].proven(world.clock())


def test_a_wrong_code_is_no_proof(world, ada, codes):
    with world.transaction() as work:
        work.sessions.prove(ada.session.id, world.clock() - PROOF_LASTS)
        work.commit()
    with pytest.raises(WrongProof):
        world.two_factor.prove(ada, "0")
    assert not world.rows("sessions")[0].proven(world.clock())


def test_support_changes_no_factor_and_gives_no_proof(world, ada, codes):
    eve, secret = an_admin(world)
    world.impersonation.begin(eve, ada.id, "Ticket 7")
    acting, _ = world.sessions.authenticate(secret, CLIENT)
    for change in (
        lambda: world.two_factor.begin(acting, GOOD_PASSWORD),
        lambda: world.two_factor.begun(acting),
        lambda: world.two_factor.confirm(acting, world.code()),
        lambda: world.two_factor.switch_off(acting, GOOD_PASSWORD, world.code()),
        lambda: world.two_factor.renew_recovery_codes(acting, GOOD_PASSWORD, world.code()),
        lambda: world.two_factor.prove(acting, world.code()),
        lambda: world.reauthentication.prove(acting, GOOD_PASSWORD),
        lambda: world.two_factor.demand(acting, world.rows("teams")[0].id, True),
    ):
        with pytest.raises(NotWhileActing):
            change()


@pytest.fixture
def team(world, ada):
    """A team of ada, with bob as a member."""
    bob, _ = world.register("bob")
    team, _ = world.teams.create(ada, "Analysts")
    with world.transaction() as work:
        work.teams.add_member(
            Membership(team_id=team.id, user_id=bob.id, role=TeamRole.MEMBER, joined_at=world.clock())
        )
        work.commit()
    return team, bob


def test_a_team_can_need_a_second_factor_of_its_members(world, ada, team):
    team, bob = team
    with pytest.raises(TwoFactorOff):
        world.two_factor.demand(ada, team.id, True)
    world.set_up(ada)
    assert world.two_factor.demand(ada, team.id, True)[0].needs_two_factor
    assert world.recorded[-1].detail == "required"
    assert world.teams.show(ada, team.id)[0].needs_two_factor

    for use in (
        lambda: world.teams.show(bob, team.id),
        lambda: world.teams.members(bob, team.id, None, 5),
        lambda: world.invitations.of(bob, team.id, None, 5),
    ):
        with pytest.raises(TwoFactorNeeded):
            use()
    world.set_up(bob)
    assert world.teams.show(bob, team.id)

    tags = len(world.tags)
    world.two_factor.demand(ada, team.id, True)
    assert len(world.tags) == tags
    with pytest.raises(ProofNeeded):
        world.two_factor.demand(ada, team.id, False)
    world.reauthentication.prove(ada, GOOD_PASSWORD)
    proven = type(ada)(CLIENT, ada.user, world.rows("sessions")[0])
    world.two_factor.demand(proven, team.id, False)
    assert not world.teams.show(ada, team.id)[0].needs_two_factor


def test_a_member_that_is_barred_may_leave_the_team(world, ada, team):
    team, bob = team
    world.set_up(ada)
    world.two_factor.demand(ada, team.id, True)
    with pytest.raises(TwoFactorNeeded):
        world.teams.remove(bob, team.id, ada.id)
    world.teams.remove(bob, team.id, bob.id)
    assert len(world.teams.members(ada, team.id, None, 5).items) == 1


def test_only_an_owner_asks_for_a_second_factor(world, ada, team):
    team, bob = team
    with pytest.raises(PermissionDenied):
        world.two_factor.demand(bob, team.id, True)
    eve, _ = world.register("eve")
    with pytest.raises(NotFound):
        world.two_factor.demand(eve, team.id, True)
    with pytest.raises(NotFound):
        world.two_factor.demand(ada, world.new_id(), True)
    assert TeamPermission.ASK_FOR_TWO_FACTOR not in [
        permission
        for permission in TeamPermission
        if Membership(team_id=team.id, user_id=bob.id, role=TeamRole.ADMIN, joined_at=world.clock()).may(
            permission
        )
    ]
