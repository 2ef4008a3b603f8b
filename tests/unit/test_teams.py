import pytest

from adapters.memory.teams import MemoryTeams
from domain.access import PermissionDenied, TeamPermission, TeamRole
from domain.errors import Invalid, NotFound
from domain.events import Tag
from domain.mails import MailKind
from domain.teams import LONGEST_TEAM_NAME, AlreadyMember, LastOwner, Membership
from tests.samples import GOOD_PASSWORD

OWNER, ADMIN, MEMBER = TeamRole


def mine(world, actor):
    return world.teams.mine(actor)[0][0]


def join(world, team, name, role=MEMBER):
    """A new user that is a member of the team."""
    actor, _ = world.register(name)
    with world.transaction() as work:
        joined = Membership(team_id=team.id, user_id=actor.id, role=role, joined_at=world.now())
        work.teams.add_member(joined)
        work.commit()
    return actor


def roles(world, team):
    return {row.user_id: row.role for row in world.rows("memberships") if row.team_id == team.id}


@pytest.fixture
def team(world, ada):
    """The personal team of ada."""
    return mine(world, ada)


@pytest.fixture
def bob(world, team):
    return join(world, team, "bob", ADMIN)


@pytest.fixture
def cyd(world, team):
    return join(world, team, "cyd")


def test_a_user_creates_a_team_and_owns_it(world, ada):
    team, owner = world.teams.create(ada, "  Analysts ")

    assert (team.name, team.personal, owner.role, owner.username) == ("Analysts", False, OWNER, "ada")
    assert [found for found, _ in world.teams.mine(ada)] == [mine(world, ada), team]
    assert world.recorded[-1].tag == Tag.TEAM_CREATED
    assert (world.recorded[-1].user_id, world.recorded[-1].team_id) == (ada.id, team.id)


def test_a_team_is_shown_to_its_members(world, ada, team, cyd):
    assert world.teams.show(cyd, team.id)[0] == team
    assert world.teams.show(ada, team.id)[1].role == OWNER


def test_the_members_are_listed_with_their_names(world, team, bob, cyd):
    page = world.teams.members(cyd, team.id, None, 2)
    rest = world.teams.members(cyd, team.id, page.next, 2)

    found = [(member.username, member.role) for member in page.items + rest.items]
    assert found == [("ada", OWNER), ("bob", ADMIN), ("cyd", MEMBER)]
    assert rest.next is None
    assert world.teams.count_members(cyd, team.id) == 3


def test_an_owner_renames_the_team(world, ada, team):
    renamed, _ = world.teams.rename(ada, team.id, "  <b>Smith</b> &\n Sons ")

    assert renamed.name == "Smith & Sons"
    assert mine(world, ada) == renamed
    assert world.tags[-1] == Tag.TEAM_RENAMED


def test_a_team_is_not_found_by_an_outsider(world, ada, team):
    eve, _ = world.register("eve")

    for ask in (
        lambda: world.teams.show(eve, team.id),
        lambda: world.teams.members(eve, team.id, None, 10),
        lambda: world.teams.count_members(eve, team.id),
        lambda: world.teams.rename(eve, team.id, "Mine now"),
        lambda: world.teams.change_role(eve, team.id, ada.id, MEMBER),
        lambda: world.teams.remove(eve, team.id, ada.id),
        lambda: world.teams.remove(eve, team.id, eve.id),
        lambda: world.teams.delete(eve, team.id),
    ):
        with pytest.raises(NotFound):
            ask()
    assert mine(world, ada).name == "ada's team"


def test_a_deleted_team_is_not_found(world, ada, team, monkeypatch):
    for name in ("get", "lock"):
        monkeypatch.setattr(MemoryTeams, name, lambda store, id: None)

    for ask in (
        lambda: world.teams.show(ada, team.id),
        lambda: world.teams.rename(ada, team.id, "Ghosts"),
        lambda: world.teams.remove(ada, team.id, ada.id),
        lambda: world.two_factor.demand(ada, team.id, True),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_member_changes_nothing(world, ada, team, bob, cyd):
    for ask in (
        lambda: world.teams.rename(cyd, team.id, "Mine now"),
        lambda: world.teams.change_role(cyd, team.id, cyd.id, ADMIN),
        lambda: world.teams.remove(cyd, team.id, bob.id),
        lambda: world.teams.delete(cyd, team.id),
    ):
        with pytest.raises(PermissionDenied):
            ask()


def test_an_admin_manages_members_and_neither_owners_nor_the_role_owner(world, ada, team, bob, cyd):
    world.teams.change_role(bob, team.id, cyd.id, ADMIN)
    world.teams.change_role(bob, team.id, cyd.id, MEMBER)
    for ask in (
        lambda: world.teams.change_role(bob, team.id, cyd.id, OWNER),
        lambda: world.teams.change_role(bob, team.id, bob.id, OWNER),
        lambda: world.teams.change_role(bob, team.id, ada.id, MEMBER),
        lambda: world.teams.remove(bob, team.id, ada.id),
        lambda: world.teams.delete(bob, team.id),
    ):
        with pytest.raises(PermissionDenied):
            ask()
    world.teams.remove(bob, team.id, cyd.id)

    assert roles(world, team) == {ada.id: OWNER, bob.id: ADMIN}
    assert (world.recorded[-1].tag, world.recorded[-1].user_id) == (Tag.MEMBER_REMOVED, cyd.id)
    assert world.recorded[-1].actor_id == bob.id


def test_a_user_outside_the_team_has_no_role_to_change(world, ada, team):
    eve, _ = world.register("eve")

    with pytest.raises(NotFound):
        world.teams.change_role(ada, team.id, eve.id, ADMIN)
    with pytest.raises(NotFound):
        world.teams.remove(ada, team.id, eve.id)


def test_a_new_role_counts_at_once_and_is_recorded(world, ada, team, cyd):
    assert world.teams.change_role(ada, team.id, cyd.id, OWNER).role == OWNER
    world.teams.change_role(cyd, team.id, ada.id, MEMBER)

    assert roles(world, team) == {ada.id: MEMBER, cyd.id: OWNER}
    assert (world.tags[-1], world.recorded[-1].detail) == (Tag.TEAM_ROLE_CHANGED, "member")
    with pytest.raises(PermissionDenied):
        world.teams.delete(ada, team.id)


def test_an_unchanged_role_is_not_recorded(world, ada, team, cyd):
    before = len(world.recorded)

    assert world.teams.change_role(ada, team.id, cyd.id, MEMBER).role == MEMBER
    assert len(world.recorded) == before


def test_a_team_always_has_an_owner(world, ada, team, bob):
    for ask in (
        lambda: world.teams.change_role(ada, team.id, ada.id, ADMIN),
        lambda: world.teams.remove(ada, team.id, ada.id),
    ):
        with pytest.raises(LastOwner, match="“ada's team” would be left without an owner"):
            ask()

    world.teams.change_role(ada, team.id, bob.id, OWNER)
    world.teams.remove(ada, team.id, ada.id)
    assert roles(world, team) == {bob.id: OWNER}
    assert world.tags[-1] == Tag.TEAM_LEFT


def test_every_member_may_leave(world, ada, team, cyd):
    world.teams.remove(cyd, team.id, cyd.id)

    assert roles(world, team) == {ada.id: OWNER}
    assert team not in [found for found, _ in world.teams.mine(cyd)]


def test_deleting_a_team_tells_the_other_members_by_mail(world, ada, team, bob, cyd):
    world.teams.delete(ada, team.id)

    told = [mail for mail in world.waiting if mail.kind == MailKind.TEAM_DELETED]
    assert [mail.recipient for mail in told] == ["bob@example.org", "cyd@example.org"]
    assert [mail.facts["team"] for mail in told] == [team.name] * 2
    assert roles(world, team) == {}
    assert (world.tags[-1], world.recorded[-1].team_id) == (Tag.TEAM_DELETED, team.id)


def test_all_members_of_a_large_team_get_the_mail(world, ada, team, monkeypatch):
    for name in ("bob", "cyd", "dan"):
        join(world, team, name)
    monkeypatch.setattr("application.teams.LARGEST_PAGE", 2)
    world.teams.delete(ada, team.id)

    assert len([mail for mail in world.waiting if mail.kind == MailKind.TEAM_DELETED]) == 3


def test_the_last_owner_of_a_team_with_members_keeps_the_account(world, ada, team, bob):
    second, _ = world.teams.create(ada, "Second")
    with pytest.raises(LastOwner, match=r"^“ada's team” would"):
        world.accounts.delete(ada, GOOD_PASSWORD)

    world.teams.change_role(ada, team.id, bob.id, OWNER)
    world.accounts.delete(ada, GOOD_PASSWORD)

    assert roles(world, team) == {bob.id: OWNER}
    assert second.id not in {row.id for row in world.rows("teams")}


def test_a_user_is_a_member_once(world, team, cyd):
    with pytest.raises(AlreadyMember), world.transaction() as work:
        work.teams.add_member(Membership(team_id=team.id, user_id=cyd.id, role=OWNER, joined_at=world.now()))


def test_a_role_above_that_of_the_member_is_refused():
    member = Membership(team_id=None, user_id=None, role=ADMIN, joined_at=None)
    member.require(TeamPermission.MANAGE_MEMBERS, ADMIN, MEMBER)

    with pytest.raises(PermissionDenied):
        member.require(TeamPermission.MANAGE_MEMBERS, OWNER)


@pytest.mark.parametrize("name", ["\u200b", "\u200d \ufeff", "\u034f"])
def test_an_invisible_name_is_refused(world, ada, name):
    with pytest.raises(Invalid):
        world.teams.rename(ada, mine(world, ada).id, name)


@pytest.mark.parametrize(
    "name", ["", "  ", "<b></b>", "x" * (LONGEST_TEAM_NAME + 1), "bell \a", "\u202egnp.exe"]
)
def test_an_invalid_name_is_refused(world, ada, name):
    for ask in (
        lambda: world.teams.create(ada, name),
        lambda: world.teams.rename(ada, mine(world, ada).id, name),
    ):
        with pytest.raises(Invalid) as caught:
            ask()
        assert caught.value.fields.keys() == {"name"}
    assert len(world.teams.mine(ada)) == 1


@pytest.mark.parametrize("name", ["x", "x" * LONGEST_TEAM_NAME, "Käse & Söhne", "كلمات\u200c"])
def test_a_name_stays_as_it_was_typed(world, ada, name):
    assert world.teams.rename(ada, mine(world, ada).id, name)[0].name == name


def test_the_first_steps_of_a_new_user(world, ada, team):
    def steps():
        steps = world.teams.first_steps(ada, world.teams.mine(ada))
        return steps.verified, steps.named, steps.done

    assert steps() == (False, False, False)
    world.teams.rename(ada, team.id, "Analysts")
    assert steps() == (False, True, False)


def test_an_invitation_is_a_first_step(world, ada, team):
    assert not world.teams.first_steps(ada, world.teams.mine(ada)).invited
    world.invitations.invite(ada, team.id, "bob@example.org", MEMBER)

    assert world.teams.first_steps(ada, world.teams.mine(ada)).invited


def test_a_member_or_a_second_team_counts_as_an_invitation(world, ada, team, bob):
    ada.user.email_verified_at = world.now()
    world.teams.rename(ada, team.id, "Analysts")
    assert world.teams.first_steps(ada, world.teams.mine(ada)).done

    world.teams.create(bob, "Second")
    assert world.teams.first_steps(bob, world.teams.mine(bob)).invited
