"""One table of rows x kinds of asker x wrong bodies: each row of the API, each page, and what is answered."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from types import UnionType
from typing import get_args, get_origin
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from pydantic import AwareDatetime
from sqlalchemy import select

from adapters.sql.limits import metadata
from domain.access import Operator, TeamRole
from domain.invitations import Invitation
from domain.mails import MailKind
from domain.secrets import hash_of
from domain.sessions import Client
from domain.teams import Membership, Team
from domain.tokens import Scope, Token
from domain.two_factor import TwoFactor, typed_code
from domain.users import Role
from entrypoints.api.gate import LARGEST_BODY, SAFE_METHODS
from entrypoints.api.routes import routes
from entrypoints.problems import A_DATE, WITH_OFFSET
from tests.bindings import BINDINGS
from tests.integration.conftest import MARK, ApiClient, code, everything_stored, of_flask
from tests.integration.described import assert_described
from tests.integration.table import IDS, RECOVERY_CODE, RIGHT, TABLE
from tests.integration.wrong_bodies import (
    MISSHAPEN,
    NOT_DATES,
    NOT_IDS,
    NOT_JSON,
    NOT_JSON_TYPES,
    NOT_MOMENTS,
    NOT_TEXT,
    NOT_TRUE_OR_FALSE,
)
from tests.samples import CLIENT, GOOD_PASSWORD

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

(_, _, *ASKERS), *ANSWERS = map(str.split, TABLE.strip().splitlines())


def each(answers):
    """The answer to each asker."""
    if len(answers) == 2:
        without_session, signed_in = answers
        answers = [without_session] * 2 + [signed_in] * (len(ASKERS) - 2)
    return dict(zip(ASKERS, answers, strict=True))


EXPECTED = {f"{method} {url}": each(answers) for method, url, *answers in ANSWERS}
LINES = [(name, asker, expected) for name, answers in EXPECTED.items() for asker, expected in answers.items()]


ABSENT_ID = "00000000-0000-7000-8000-000000000000"


def hollow(kind):
    """Views without services: enough to read the rows."""
    return kind(**dict.fromkeys(field.name for field in fields(kind)))


def page_names():
    if "flask" not in BINDINGS:
        return []
    from flask import Flask

    from entrypoints.flask_app.routes import add_pages

    app = Flask(__name__, static_folder=None)
    add_pages(app, hollow)
    return [rule.endpoint for rule in app.url_map.iter_rules()]


ROWS = {f"{row.method} {row.url}": row for row in routes(hollow)}
PAGES = page_names()
WITH_BODY = pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.body])
WITH_ID = pytest.mark.parametrize(
    "name", [name if name in ROWS else of_flask(name) for name in [*ROWS, *PAGES] if "<" in name]
)


@dataclass(frozen=True)
class Made:
    actors: dict
    team: Team
    invitation: Invitation
    token: Token
    post: Callable[[str], UUID]  # sends the right body to a URL, as the owner, and returns the new id


@dataclass(frozen=True)
class Site:
    client: ApiClient
    entrypoint: str
    cookies: dict
    ids: dict
    right: dict
    token: str

    def binds(self, name):
        """Whether this site has the row or page. Only Flask has pages."""
        return name in ROWS or self.entrypoint == "flask"

    def ask(self, asker, name, data=None, content_type="application/json", id=None, **options):
        """Sends the right body by default. `id` replaces each id in the URL."""
        method, url = name.split()

        def id_in(found):
            collection = url[: found.start()]
            assert collection in self.ids, f"{name}: add {collection} to IDS"
            return str(id or self.ids[collection])

        path = re.sub("<[^>]+>", id_in, url)
        if data is None and name in self.right:
            data = json.dumps(self.right[name])
        options.setdefault("headers", {})["Cookie"] = self.cookies[asker]
        return self.client.open(path, method=method, data=data, content_type=content_type, **options)


@pytest.fixture
def site(clock, container, entrypoint, new_client):
    """A user of each kind, and a mail for each kind of link. The clock stands still."""
    actors, cookies = {}, {"stranger": ""}
    for number, asker in enumerate(ASKERS[1:]):
        actors[asker], secret = container.accounts().register(
            f"user{number}", f"{asker}@example.org", GOOD_PASSWORD, replacing=None, client=CLIENT
        )
        cookies[asker] = f"{container.cookie().name}={secret}"
    team, _ = container.teams().create(actors["owner"], "Team")
    with container.transaction()() as work:
        for asker, actor in actors.items():
            user = work.users.get(actor.id)
            user.email_verified_at = None if asker == "unverified" else clock()
            user.disabled_at = clock() if asker == "disabled" else None
            work.users.save(user)
        for asker, role in (("admin", TeamRole.ADMIN), ("member", TeamRole.MEMBER)):
            work.teams.add_member(
                Membership(team_id=team.id, user_id=actors[asker].id, role=role, joined_at=clock())
            )
        work.two_factor.add(
            TwoFactor(user_id=actors["member"].id, secret="A" * 32, created_at=clock(), confirmed_at=clock())
        )
        work.two_factor.set_recovery_codes(actors["member"].id, [hash_of(typed_code(RECOVERY_CODE))])
        for asker in ("owner", "site"):  # for rows that take a proof and no password
            work.sessions.prove(actors[asker].session.id, clock())
        work.sessions.forget(actors["disabled"].id)
        work.commit()
    owner = actors["owner"]
    invitation = container.invitations().invite(owner, team.id, "outsider@example.org", TeamRole.MEMBER)
    for asker in ("site", "acting"):
        container.administration().grant(
            Operator(Client("")),
            container.administration().user_with(Operator(Client("")), f"{asker}@example.org").id,
            Role.ADMIN,
        )
    admin, _ = container.sessions().authenticate(cookies["acting"].partition("=")[2], CLIENT)
    container.impersonation().begin(admin, owner.id, "Ticket 7")
    container.passwords().forgot(owner.user.email, CLIENT)
    with container.look()() as stored:
        mails = [
            mail
            for mail in stored.mails.undelivered(None, 100).items
            if mail.user_id == owner.id or mail.kind is MailKind.INVITATION
        ]
    tokens = {mail.kind: mail.facts["token"] for mail in mails}
    token, text = container.tokens().create(owner, "Deploy", Scope.WRITE, None, GOOD_PASSWORD)
    client = new_client(use_cookies=False)

    def post(url):
        path = url.replace("/api/teams/<id>", f"/api/teams/{team.id}")
        headers = {"Cookie": cookies["owner"]}
        return client.open(path, method="POST", json=RIGHT[f"POST {url}"], headers=headers).json["data"]["id"]

    made = Made(actors, team, invitation, token, post)
    ids = {collection: id_of(made) for collection, id_of in IDS.items()}
    right = {
        name: body | {"token": tokens[body["token"]]} if "token" in body else body
        for name, body in RIGHT.items()
    }
    return Site(client, entrypoint, cookies, ids, right, text)


def answer(response):
    """The answer as the table writes it."""
    if response.status_code in {302, 303}:
        return urlsplit(response.headers["Location"]).path
    if response.status_code >= 400 and response.mimetype != "text/html":
        return str(code(response))
    return str(response.status_code)


def told(response):
    """The answer without what differs between requests: the code to quote, and the place after the login."""
    return re.sub(r'<code>\w+</code>|/login\?next=[^"<]+', "", response.text)


def is_refused(answer):
    return answer == "/login" or answer[0] == "4"


def test_every_row_and_page_has_a_line():
    asked = {*ROWS, *PAGES}
    assert asked - set(EXPECTED) == set(), "add a line to TABLE for each"
    assert set(EXPECTED) - asked == set(), "TABLE has lines without a row or page"
    assert set(RIGHT) == {name for name, row in ROWS.items() if row.body}, "RIGHT has one body for each row"
    for name, answers in EXPECTED.items():
        if name in ROWS and name != "POST /api/login/two-factor":  # its pending login is no session
            assert ROWS[name].public == (answers["stranger"] != "40102"), name


def check(site, engines, lines, headers):
    """Each line is answered as it says, with the rows as at first. A refusal changes no row."""
    with engines.reader.connect() as connection:
        rows = {table: connection.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
    before = everything_stored(engines)
    for name, asker, expected in filter(lambda line: site.binds(line[0]), lines):
        response = site.ask(asker, name, headers=dict(headers))
        assert answer(response) == expected, f"{name} by {asker}: {response.text}"
        if name in ROWS:
            assert_described(name, response)
        if everything_stored(engines) == before:
            continue
        assert not is_refused(expected), f"{name} by {asker} was refused and has changed the database"
        with engines.writer.begin() as connection:
            for table in reversed(rows):
                connection.execute(table.delete())
            for table, found in rows.items():
                if found:
                    connection.execute(table.insert(), found)


@ON_ONE_DATABASE
def test_each_asker_is_answered_as_the_table_says(site, engines):
    check(site, engines, LINES, {})


def test_a_refusal_changes_no_row(site, unchanged):
    for name, asker, expected in filter(lambda line: site.binds(line[0]), LINES):
        if is_refused(expected):
            assert answer(site.ask(asker, name)) == expected, f"{name} by {asker}"


@ON_ONE_DATABASE
def test_another_site_changes_nothing(site, unchanged):
    for name in [name for name in EXPECTED if site.binds(name) and name.split()[0] not in SAFE_METHODS]:
        response = site.ask("owner", name, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer(response) == ("403" if name in PAGES else "40302"), name


@ON_ONE_DATABASE
def test_a_token_reaches_the_rows_that_say_so_and_no_others(site, engines):
    """It is a token of the owner with the scope `write`. The owner's cookie is sent, too, and not read."""
    by_token = {"Authorization": f"Bearer {site.token}"}
    site.ask("owner", "GET /api/user", headers=by_token)  # stores the use of the token
    lines = [
        (name, "owner", EXPECTED[name]["owner"] if row.tokens else "40301")
        for name, row in ROWS.items()
        if row.url.startswith("/api/")
    ]
    check(site, engines, lines, by_token)


@ON_ONE_DATABASE
@WITH_ID
def test_an_id_of_another_account_is_answered_like_an_unknown_id(site, unchanged, name):
    permitted = next(asker for asker, expected in EXPECTED[name].items() if not is_refused(expected))
    absent = site.ask(permitted, name, id=ABSENT_ID)
    assert absent.status_code == 404
    assert told(site.ask("outsider", name)) == told(site.ask("outsider", name, id=ABSENT_ID))
    assert told(site.ask("stranger", name, id=ABSENT_ID)) == told(site.ask("stranger", name))
    for id in NOT_IDS:
        assert told(site.ask(permitted, name, id=id)) == told(absent), id


@ON_ONE_DATABASE
@WITH_BODY
def test_a_body_without_a_json_object_is_refused(site, unchanged, name):
    expected = dict.fromkeys(NOT_JSON, 40001)
    assert {each: code(site.ask("owner", name, body)) for each, body in NOT_JSON.items()} == expected
    for content_type in [None, "", *NOT_JSON_TYPES.split()]:
        assert code(site.ask("owner", name, content_type=content_type)) == 41501, content_type
    if not ROWS[name].public:
        assert code(site.ask("stranger", name, MARK)) == 40102


@ON_ONE_DATABASE
@WITH_BODY
def test_a_body_of_another_shape_is_refused(site, unchanged, name):
    expected = dict.fromkeys(MISSHAPEN, 42201)
    assert {each: code(site.ask("owner", name, body)) for each, body in MISSHAPEN.items()} == expected


@ON_ONE_DATABASE
@WITH_BODY
def test_a_wrong_field_is_named(site, unchanged, name):
    right = site.right[name]

    def refused(body):
        response = site.ask("owner", name, json.dumps(body))
        assert code(response) == 42201
        return response.get_json()["errors"]["field_errors"]

    assert refused(right | {"surprise": MARK}) == {"surprise": ["Unknown field."]}
    for field, kind in ROWS[name].body.model_fields.items():
        if kind.is_required():
            missing = {key: value for key, value in right.items() if key != field}
            assert refused(missing) == {field: ["This field is required."]}
        # A field that may be left out may be null, too.
        [of, *null] = (
            get_args(kind.annotation) if isinstance(kind.annotation, UnionType) else [kind.annotation]
        )
        if of is bool:
            for value in NOT_TRUE_OR_FALSE[len(null) :]:
                assert refused(right | {field: value}) == {field: ["Use true or false."]}
            continue
        if get_origin(of) is list:
            for value in [True, 7, MARK, {}]:
                assert refused(right | {field: value}) == {field: ["Use a list."]}
            assert set(refused(right | {field: [MARK, *right[field], 7]})) == {f"{field}.0", f"{field}.2"}
            continue
        if of is AwareDatetime:
            for value in NOT_MOMENTS:
                assert refused(right | {field: value}) == {field: [WITH_OFFSET]}
            continue
        if of is date:
            for value in NOT_DATES:
                assert refused(right | {field: value}) == {field: [A_DATE]}
            continue
        if issubclass(of, StrEnum):
            [sentence] = refused(right | {field: MARK})[field]
            assert all(f"'{value}'" in sentence for value in kind.annotation)
            continue
        assert kind.annotation is str, f"{name}: say here what is wrong for a {kind.annotation}"
        for value in NOT_TEXT:
            assert refused(right | {field: value}) == {field: ["Use text."]}
        assert refused(right | {field: right[field] + "\0"}) == {field: ["Remove the invalid character."]}
        for surrogate in ("\ud800", "\udfff"):
            assert refused(right | {field: right[field] + surrogate})
        for longest in [rule.max_length for rule in kind.metadata if hasattr(rule, "max_length")]:
            sentence = f"Use at most {longest} characters."
            assert refused(right | {field: "x" * (longest + 1)}) == {field: [sentence]}


@ON_ONE_DATABASE
@WITH_BODY
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_may_have_64_kib_and_no_more(site, engines, name, chunked):
    def of_size(size):
        body = json.dumps(site.right[name]).encode().ljust(size)
        if not chunked:
            return answer(site.ask("owner", name, body))
        # A WSGI server gives a chunked body like this: without a length.
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        stream = {"input_stream": io.BytesIO(body), "environ_overrides": environ}
        return answer(site.ask("owner", name, b"", **stream))

    before = everything_stored(engines)
    for size in (LARGEST_BODY + 1, LARGEST_BODY + 2, 10 * LARGEST_BODY):
        assert of_size(size) == "41301"
    assert everything_stored(engines) == before
    assert of_size(LARGEST_BODY) == EXPECTED[name]["owner"]
