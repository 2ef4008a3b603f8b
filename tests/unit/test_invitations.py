from contextlib import nullcontext
from datetime import timedelta

import pytest

from domain.access import NotWhileActing, Operator, PermissionDenied, TeamRole
from domain.errors import Invalid, NotFound, TooManyAttempts
from domain.events import Tag
from domain.invitations import OtherAddress
from domain.links import LinkGone
from domain.mails import MailKind
from domain.teams import AlreadyMember, Membership
from domain.users import Role
from tests.samples import CLIENT, GOOD_PASSWORD

OWNER, ADMIN, MEMBER = TeamRole
ADDRESS = "bob@example.org"


@pytest.fixture
def team(world, ada):
    """A team that ada owns."""
    return world.teams.create(ada, "Analysts")[0]


def join(world, team, name, role):
    actor, _ = world.register(name)
    with world.transaction() as work:
        joined = Membership(team_id=team.id, user_id=actor.id, role=role, joined_at=world.now())
        work.teams.add_member(joined)
        work.commit()
    return actor


def invite(world, actor, team, email=ADDRESS, role=MEMBER):
    """The token that was sent."""
    world.invitations.invite(actor, team.id, email, role)
    return world.token(MailKind.INVITATION)


def pending(world, actor, team):
    return world.invitations.of(actor, team.id, None, 10).items


def verified(world, actor):
    with world.look() as stored:
        return stored.users.get(actor.id).email_verified


def test_an_invitation_is_listed_mailed_and_recorded(world, ada, team):
    invitation = world.invitations.invite(ada, team.id, " Bob@EXAMPLE.org", ADMIN)

    assert pending(world, ada, team) == [invitation]
    assert (invitation.email, invitation.role, invitation.invited_by) == ("Bob@example.org", ADMIN, "ada")
    assert invitation.expires_at == world.now() + timedelta(days=7)
    mail = world.waiting[-1]
    assert (mail.kind, mail.recipient, mail.user_id) == (MailKind.INVITATION, "Bob@example.org", None)
    assert (mail.facts["team"], mail.facts["inviter"], mail.facts["role"]) == ("Analysts", "ada", "admin")
    event = world.recorded[-1]
    assert (event.tag, event.actor_id, event.team_id, event.detail) == (Tag.INVITED, ada.id, team.id, "admin")


def test_a_new_account_joins_and_its_address_is_verified(world, ada, team):
    token = invite(world, ada, team, role=ADMIN)
    bob, _ = world.register("bob")
    joined, member = world.invitations.accept(bob, token)

    assert (joined, member.role, member.username) == (team, ADMIN, "bob")
    assert team in [found for found, _ in world.teams.mine(bob)]
    assert pending(world, ada, team) == []
    assert verified(world, bob)
    assert world.tags[-2:] == [Tag.EMAIL_VERIFIED, Tag.TEAM_JOINED]
    assert (world.recorded[-1].user_id, world.recorded[-1].detail) == (bob.id, "admin")


def test_a_verified_address_stays_verified(world, ada, team):
    bob, _ = world.register("bob")
    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)
    world.invitations.accept(bob, invite(world, ada, team))

    assert world.tags.count(Tag.EMAIL_VERIFIED) == 1


def test_an_address_with_the_same_key_joins_and_is_not_verified(world, ada, team):
    bob, _ = world.register("bob")
    world.invitations.accept(bob, invite(world, ada, team, "BOB@example.org"))

    assert team in [found for found, _ in world.teams.mine(bob)]
    assert not verified(world, bob)


def test_an_account_of_another_address_does_not_join(world, ada, team):
    token = invite(world, ada, team)
    eve, _ = world.register("eve")

    with pytest.raises(OtherAddress):
        world.invitations.accept(eve, token)
    assert world.invitations.show(token).email == ADDRESS


def test_a_member_does_not_join_twice_and_the_invitation_stays(world, ada, team):
    bob = join(world, team, "bob", MEMBER)
    token = invite(world, ada, team, role=ADMIN)

    with pytest.raises(AlreadyMember):
        world.invitations.accept(bob, token)
    assert [found.role for found in pending(world, ada, team)] == [ADMIN]
    assert world.teams.show(bob, team.id)[1].role == MEMBER


def test_a_token_is_valid_once(world, ada, team):
    token = invite(world, ada, team)
    bob, _ = world.register("bob")
    world.invitations.accept(bob, token)

    for ask in (lambda: world.invitations.accept(bob, token), lambda: world.invitations.show(token)):
        with pytest.raises(LinkGone):
            ask()


def test_a_token_lives_for_seven_days(world, ada, team):
    token = invite(world, ada, team)
    world.clock.advance(days=7)

    with pytest.raises(LinkGone):
        world.invitations.show(token)
    assert pending(world, ada, team) == []


def test_a_newer_invitation_replaces_the_older_one(world, ada, team):
    old, new = invite(world, ada, team), invite(world, ada, team, "BOB@example.org", ADMIN)

    with pytest.raises(LinkGone):
        world.invitations.show(old)
    assert (world.invitations.show(new).role, world.invitations.show(new).team_name) == (ADMIN, "Analysts")
    assert len(pending(world, ada, team)) == 1


def test_an_invitation_is_sent_again_with_a_new_link(world, ada, team):
    old = invite(world, ada, team)
    world.clock.advance(days=6)
    world.invitations.send_again(ada, team.id, pending(world, ada, team)[0].id)

    with pytest.raises(LinkGone):
        world.invitations.show(old)
    [invitation] = pending(world, ada, team)
    assert invitation.expires_at == world.now() + timedelta(days=7)
    assert world.invitations.show(world.token(MailKind.INVITATION)) == invitation


def test_a_revoked_invitation_is_gone(world, ada, team):
    token = invite(world, ada, team)
    [invitation] = pending(world, ada, team)
    world.invitations.revoke(ada, team.id, invitation.id)

    assert (pending(world, ada, team), world.tags[-1]) == ([], Tag.INVITATION_REVOKED)
    for ask in (
        lambda: world.invitations.show(token),
        lambda: world.invitations.accept(world.register("bob")[0], token),
    ):
        with pytest.raises(LinkGone):
            ask()
    for ask in (world.invitations.revoke, world.invitations.send_again):
        with pytest.raises(NotFound):
            ask(ada, team.id, invitation.id)


def test_a_team_that_is_deleted_during_the_wait_takes_no_member(world, ada, team, monkeypatch):
    token = invite(world, ada, team)
    bob, _ = world.register("bob")
    # As if another unit of work deleted the team during the wait for the lock.
    monkeypatch.setattr("adapters.memory.teams.MemoryTeams.lock", lambda self, id: self.delete(id))

    with pytest.raises(LinkGone):
        world.invitations.accept(bob, token)


def test_an_invitation_gives_no_role_above_that_of_the_inviter(world, ada, team):
    cyd = join(world, team, "cyd", ADMIN)
    invite(world, ada, team, role=OWNER)
    [invitation] = pending(world, cyd, team)

    for ask in (
        lambda: world.invitations.invite(cyd, team.id, "dan@example.org", OWNER),
        lambda: world.invitations.send_again(cyd, team.id, invitation.id),
        lambda: world.invitations.revoke(cyd, team.id, invitation.id),
    ):
        with pytest.raises(PermissionDenied):
            ask()
    world.invitations.invite(cyd, team.id, "dan@example.org", ADMIN)


def test_members_and_outsiders_have_no_access_to_invitations(world, ada, team):
    invite(world, ada, team)
    [invitation] = pending(world, ada, team)
    eve, _ = world.register("eve")

    for actor, error in ((join(world, team, "cyd", MEMBER), PermissionDenied), (eve, NotFound)):
        for ask in (
            lambda actor=actor: world.invitations.of(actor, team.id, None, 10),
            lambda actor=actor: world.invitations.invite(actor, team.id, "not an address", MEMBER),
            lambda actor=actor: world.invitations.send_again(actor, team.id, invitation.id),
            lambda actor=actor: world.invitations.revoke(actor, team.id, invitation.id),
        ):
            with pytest.raises(error):
                ask()


def test_the_permission_is_checked_again_in_the_transaction(world, ada, team, monkeypatch):
    cyd = join(world, team, "cyd", ADMIN)

    def demoted_meanwhile(inviter_id, email):
        world.teams.change_role(ada, team.id, cyd.id, MEMBER)
        return nullcontext()

    # The limit is counted between the first look and the transaction.
    monkeypatch.setattr("application.limits.Limits.invitation", lambda self, *what: demoted_meanwhile(*what))
    with pytest.raises(PermissionDenied):
        world.invitations.invite(cyd, team.id, ADDRESS, MEMBER)


@pytest.mark.parametrize("how", ["demoted", "removed", "deleted"])
def test_an_invitation_ends_with_the_role_of_its_inviter(world, ada, team, how):
    cyd = join(world, team, "cyd", ADMIN)
    token = invite(world, cyd, team)
    if how == "demoted":
        world.teams.change_role(ada, team.id, cyd.id, MEMBER)
    elif how == "removed":
        world.teams.remove(ada, team.id, cyd.id)
    else:
        world.accounts.delete(cyd, GOOD_PASSWORD)

    with pytest.raises(LinkGone):
        world.invitations.show(token)


def test_the_invitations_of_a_disabled_user_end(world, ada, team):
    invite(world, ada, team)
    world.administration.change(Operator(CLIENT), ada.id, disabled=True)

    assert world.rows("invitations") == []


def test_an_administrator_that_acts_as_the_user_does_not_join(world, ada, team):
    bob, _ = world.register("bob")
    eve, secret = world.register("eve")
    world.administration.grant(
        Operator(CLIENT), world.administration.user_with(Operator(CLIENT), "eve@example.org").id, Role.ADMIN
    )
    eve, _ = world.sessions.authenticate(secret, CLIENT)
    world.impersonation.begin(eve, bob.id, "Ticket 7")
    acting, _ = world.sessions.authenticate(secret, CLIENT)

    with pytest.raises(NotWhileActing):
        world.invitations.accept(acting, invite(world, ada, team))


def test_invitations_do_not_use_up_the_links_of_the_account(world, ada, team):
    for _ in range(5):
        invite(world, ada, team)
    with pytest.raises(TooManyAttempts):
        invite(world, ada, team)

    bob, _ = world.register("bob")
    world.emails.send_again(bob)


def test_an_invalid_address_is_refused(world, ada, team):
    with pytest.raises(Invalid):
        world.invitations.invite(ada, team.id, "bob", MEMBER)
    assert pending(world, ada, team) == []


def test_an_export_has_the_invitations_sent_and_received(world, ada, team):
    invite(world, ada, team)
    bob, _ = world.register("bob")
    for actor in (ada, bob):
        exported = {word: list(rows) for word, rows in world.accounts.export(actor)}
        [invitation] = exported["invitations"]
        assert (invitation["email"], invitation["team_name"], invitation["invited_by"]) == (
            ADDRESS,
            "Analysts",
            "ada",
        )
        assert "token_hash" not in invitation

    world.accounts.delete(bob, GOOD_PASSWORD)
    assert world.rows("invitations") == []
