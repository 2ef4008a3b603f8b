import pytest
from click.testing import CliRunner

from domain.access import (
    PERMISSIONS,
    TEAM_PERMISSIONS,
    Actor,
    Operator,
    Permission,
    PermissionDenied,
    TeamRole,
    UserActor,
)
from domain.users import Role
from entrypoints.cli import cli
from tests.databases import ROOT
from tests.samples import CLIENT, a_user


def test_every_role_is_in_the_table():
    assert set(PERMISSIONS) == set(Role)
    assert set(TEAM_PERMISSIONS) == set(TeamRole)


@pytest.mark.parametrize("permission", Permission)
def test_a_user_without_a_role_has_no_permission(world, ada, permission):
    for actor in (ada, Actor(CLIENT)):
        with pytest.raises(PermissionDenied):
            actor.require(permission)


@pytest.mark.parametrize("permission", Permission)
def test_the_operator_has_every_permission_and_no_account(permission):
    operator = Operator(CLIENT)
    operator.require(permission)

    assert operator.id is None


def test_the_documentation_shows_the_table():
    printed = CliRunner().invoke(cli, ["access"])

    assert printed.exit_code == 0
    assert "| delete | yes |  |  |" in printed.output
    assert printed.output in (ROOT / "entrypoints/api/README.md").read_text()


@pytest.mark.parametrize("role, covered", [("owner", 3), ("admin", 2), ("member", 1)])
def test_a_role_covers_itself_and_the_lower_ones(role, covered):
    assert [TeamRole(role).covers(other) for other in TeamRole] == [False] * (3 - covered) + [True] * covered


def test_a_user_without_a_session_acts_for_itself():
    actor = UserActor(CLIENT, a_user())

    assert (actor.person_id, actor.own_client) == (actor.user.id, CLIENT)
