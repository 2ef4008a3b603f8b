"""Schemathesis sends requests that it makes from the description of the API: right ones and wrong ones."""

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from uuid_utils.compat import uuid7

from domain.access import Operator, TeamRole
from domain.tokens import Scope
from domain.users import Role
from tests.integration.conftest import ADA, COOKIE
from tests.integration.described import CHECKS, DOCUMENT, operation_of
from tests.integration.test_rows import ROWS
from tests.samples import CLIENT, GOOD_PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Requests for each row, asker and mode. With more (OPENAPI_EXAMPLES=200), each walk is another one.
FEW = 3
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", FEW))
ASKERS = ["stranger", "user", "token"]


@pytest.fixture
def log_in(container):
    """A function that gives the user with a new session, and its secret. (Requests end sessions.)"""
    container.accounts().create(Operator(CLIENT), *ADA.values(), frozenset({Role.ADMIN}))
    return lambda: container.sessions().login(
        ADA["email"], GOOD_PASSWORD, remember=False, replacing=None, client=CLIENT
    )


@pytest.fixture
def credentials(container, log_in):
    """A function that gives what an asker sends."""
    _, token = container.tokens().create(log_in()[0], "Deploy", Scope.WRITE, None, GOOD_PASSWORD)
    return {
        "stranger": dict,
        "user": lambda: {"cookies": {container.cookie().name: log_in()[1]}},
        "token": lambda: {"headers": {"Authorization": f"Bearer {token}"}},
    }


@pytest.fixture
def ids(container, log_in):
    """The ids of things of the user, by what stands before them in a URL."""
    actor, _ = log_in()
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
def test_a_request_of_any_kind_is_answered_as_described(app, credentials, ids, name, asker):
    row, url = ROWS[name], name.split()[1]
    own = {found[1]: ids.get(url[: found.start()]) for found in re.finditer(r"<(\w+)>", url)}

    def walk(case, known):
        case.headers.pop("X-User", None)  # most answers would be 40906
        if known:
            case.path_parameters |= {id: str(value) for id, value in own.items() if value}
        response = case.call(app=app, base_url="http://localhost", **credentials[asker]())
        may = {"stranger": row.public, "user": True, "token": row.tokens or url.startswith("/health/")}[asker]
        if not may:
            assert response.status_code >= 400
        elif not row.public:
            assert response.status_code != 401
        case.validate_response(response, CHECKS)

    for mode in GenerationMode if row.body or row.query or own else [GenerationMode.POSITIVE]:
        bounded = settings(max_examples=EXAMPLES, derandomize=EXAMPLES == FEW, database=None)
        bounded(given(case=operation_of(name).as_strategy(mode), known=st.booleans())(walk))()


@pytest.mark.parametrize("name", [name for name in ROWS if name.startswith("GET /api/")])
def test_a_row_names_every_parameter_that_its_view_reads(app, log_in, ids, name):
    """A wrong value of a parameter is refused exactly when the row has the parameter."""
    pattern, unknown = name.split()[1], uuid7()  # a feature of a clone has no id here
    url = re.sub("<[^>]+>", lambda found: str(ids.get(pattern[: found.start()], unknown)), pattern)
    client = app.test_client()
    client.set_cookie(COOKIE, log_in()[1])

    for parameter in ("after", "limit", "user", "team", "tag", "since", "until"):
        refused = client.get(url, query_string={parameter: "-"}).status_code == 422
        assert refused == (parameter in ROWS[name].query), parameter


def test_the_description_is_public_and_the_same_for_all(client, ada):
    for asker in (client, ada):
        response = asker.get("/api/openapi.json")
        assert response.get_json() == DOCUMENT
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.flask_only
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_shows_every_operation_with_its_curl_line(client, method):
    page = client.open("/api/docs", method=method)

    assert (page.status_code, page.mimetype) == (200, "text/html")
    if method == "GET":
        for url, methods in DOCUMENT["paths"].items():
            for name, operation in methods.items():
                assert f'id="{operation["operationId"]}"' in page.text
                assert f"{name.upper()}</span> {url}<" in page.text
                assert operation["summary"] in page.text
        assert page.text.count("<code>curl ") == len(ROWS)
        assert "curl -X POST http://localhost/api/teams \\\n" in page.text
