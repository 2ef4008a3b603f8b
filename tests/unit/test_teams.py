import pytest

from domain.access import PermissionDenied, TeamPermission, require_in_team
from domain.errors import Invalid, NotFound
from domain.teams import LONGEST_TEAM_NAME


def mine(world, actor):
    return world.teams.mine(actor)[0][0]


def test_an_owner_renames_the_team(world, ada):
    team, _ = world.teams.rename(ada, mine(world, ada).id, "  <b>Smith</b> &\n Sons ")

    assert team.name == "Smith & Sons"
    assert mine(world, ada) == team


@pytest.mark.parametrize("name", ["\u200b", "\u200d \ufeff", "\u034f"])
def test_an_invisible_name_is_refused(world, ada, name):
    with pytest.raises(Invalid):
        world.teams.rename(ada, mine(world, ada).id, name)


def test_anothers_team_is_not_there(world, ada):
    eve, _ = world.register("eve")

    with pytest.raises(NotFound):
        world.teams.rename(eve, mine(world, ada).id, "Mine now")

    assert mine(world, ada).name == "ada's team"


def test_a_team_that_is_gone_is_not_there(world, ada):
    team = mine(world, ada)
    world.memory.tables["teams"].stored.clear()

    with pytest.raises(NotFound):
        world.teams.rename(ada, team.id, "Ghosts")


def test_a_role_that_may_not_rename_does_not(world, ada, monkeypatch):
    monkeypatch.setattr("domain.access.TEAM_PERMISSIONS", {"owner": frozenset()})

    with pytest.raises(PermissionDenied):
        require_in_team(world.teams.mine(ada)[0][1], TeamPermission.RENAME)


@pytest.mark.parametrize(
    "name", ["", "  ", "<b></b>", "x" * (LONGEST_TEAM_NAME + 1), "bell \a", "\u202egnp.exe"]
)
def test_an_invalid_name_is_refused(world, ada, name):
    with pytest.raises(Invalid) as caught:
        world.teams.rename(ada, mine(world, ada).id, name)

    assert caught.value.fields.keys() == {"name"}


@pytest.mark.parametrize("name", ["x", "x" * LONGEST_TEAM_NAME, "Käse & Söhne", "كلمات\u200c"])
def test_a_name_stays_as_it_was_typed(world, ada, name):
    assert world.teams.rename(ada, mine(world, ada).id, name)[0].name == name
