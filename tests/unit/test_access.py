import pytest

from domain.access import (
    PERMISSIONS,
    TEAM_PERMISSIONS,
    Actor,
    Operator,
    Permission,
    PermissionDenied,
    TeamRole,
)
from domain.users import Role
from tests.samples import CLIENT


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
