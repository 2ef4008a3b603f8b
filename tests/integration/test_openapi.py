"""Schemathesis sends requests that it makes from the description of the API: right ones and wrong ones."""

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from domain.access import Operator, TeamRole
from domain.users import Role
from tests.integration.conftest import ADA
from tests.integration.described import DESCRIBED, DOCUMENT
from tests.integration.test_rows import ROWS
from tests.samples import CLIENT, GOOD_PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Requests for each row, asker and mode. With more, for example OPENAPI_EXAMPLES=200, each walk is another one.
FEW = 4
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", FEW))
ASKERS = ["stranger", "user"]


@pytest.fixture
def log_in(container):
    """A function that gives the headers of an asker. The session is a new one: requests end sessions."""
    container.accounts().create(Operator(CLIENT), *ADA.values(), frozenset({Role.ADMIN}))

    def log_in(asker):
        if asker == "stranger":
            return {}
        _, secret = container.sessions().login(
            ADA["email"], GOOD_PASSWORD, remember=False, replacing=None, client=CLIENT
        )
        return {"Cookie": f"{container.cookie().name}={secret}"}

    return log_in


@pytest.fixture
def ids(container, log_in):
    """The ids of things of the user, by what stands before them in a URL."""
    actor, _ = container.sessions().authenticate(log_in("user")["Cookie"].partition("=")[2], CLIENT)
    team, _ = container.teams().create(actor, "Analysts")
    other = container.accounts().create(
        Operator(CLIENT), "kurt", "kurt@example.org", GOOD_PASSWORD, frozenset()
    )
    invitation = container.invitations().invite(actor, team.id, "eve@example.org", TeamRole.MEMBER)
    return {
        "/api/sessions/": actor.session.id,
        "/api/teams/": team.id,
        "/api/teams/<id>/members/": actor.id,
        "/api/teams/<id>/invitations/": invitation.id,
        "/api/admin/users/": other.id,
    }


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("name", ROWS)
def test_a_request_of_any_kind_is_answered_as_described(app, log_in, ids, name, asker):
    method, url = name.split()
    operation = DESCRIBED[url.replace("<", "{").replace(">", "}")][method]
    own = {found[1]: ids.get(url[: found.start()]) for found in re.finditer(r"<(\w+)>", url)}

    def walk(case, known):
        if known:
            case.path_parameters |= {id: str(value) for id, value in own.items() if value}
            case.headers.pop("X-User", None)
        response = case.call(app=app, base_url="http://localhost", headers=log_in(asker))
        assert response.status_code < 500, response.text
        operation.validate_response(response)

    for mode in GenerationMode:
        bounded = settings(max_examples=EXAMPLES, derandomize=EXAMPLES == FEW, database=None)
        bounded(given(case=operation.as_strategy(mode), known=st.booleans())(walk))()
