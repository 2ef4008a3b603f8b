"""Views, called directly with a `Request`: no server, no framework."""

import json
from uuid import UUID

import pytest

from domain.errors import Invalid, NotFound
from domain.sessions import NotLoggedIn
from entrypoints.api.accounts import AccountViews, DeleteUser, Register, RenameUser
from entrypoints.api.emails import ChangeEmail, EmailViews, VerifyEmail
from entrypoints.api.events import EventViews
from entrypoints.api.health import HealthViews
from entrypoints.api.http import DONE, Body, Cookie, Request, Response, Text, read_body
from entrypoints.api.passwords import ChangePassword, ForgotPassword, PasswordViews, ResetPassword
from entrypoints.api.routes import routes
from entrypoints.api.sessions import Login, SessionViews
from entrypoints.api.teams import NameTeam, TeamViews
from tests.samples import CLIENT, GOOD_PASSWORD

EMAIL, ANOTHER_PASSWORD = "ada@example.org", "another horse battery"
ABSENT = UUID(int=0)


def asked(actor=None, **more):
    return Request(CLIENT, actor, **more)


def test_a_view_that_is_not_public_needs_a_session(world):
    stranger = asked(path={"id": ABSENT})
    for row in routes(world.wire):
        if not row.public:
            body = [row.body.model_construct()] if row.body else []
            with pytest.raises(NotLoggedIn):
                row.view(stranger, *body)


def test_registering_shows_the_user_and_gives_a_cookie(world):
    body = Register(username="ada", email=EMAIL, password=GOOD_PASSWORD)

    response = world.wire(AccountViews).register(asked(), body)

    [user], [session] = world.rows("users"), world.rows("sessions")
    shown = {
        "id": user.id,
        "username": "ada",
        "email": EMAIL,
        "email_verified": False,
        "roles": [],
        "created_at": user.created_at,
    }
    assert response.data == {"message": "success", "data": shown}
    assert (response.cookie.user_id, response.cookie.remembered) == (user.id, False)
    found, _ = world.sessions.authenticate(response.cookie.secret, CLIENT)
    assert found.session == session


@pytest.mark.parametrize("remember", [False, True])
def test_a_login_gives_a_cookie_and_ends_the_earlier_session(world, remember):
    actor, secret = world.register()
    body = Login(email=EMAIL, password=GOOD_PASSWORD, remember=remember)

    response = world.wire(SessionViews).login(asked(cookie=secret), body)

    assert response.data["data"]["id"] == actor.id
    assert (response.cookie.user_id, response.cookie.remembered) == (actor.id, remember)
    assert world.sessions.authenticate(secret, CLIENT) is None


def test_logging_out_and_deleting_the_account_delete_the_cookie(world):
    for view, *body in [
        (world.wire(SessionViews).logout,),
        (world.wire(AccountViews).delete, DeleteUser(current_password=GOOD_PASSWORD)),
    ]:
        actor, secret = world.register("ada" if body else "eve")
        assert view(asked(actor), *body) == Response({"message": "success"}, Cookie())
        assert world.sessions.authenticate(secret, CLIENT) is None


def test_the_user_is_renamed(world, ada):
    renamed = world.wire(AccountViews).rename(asked(ada), RenameUser(username="countess"))

    assert renamed.data["data"]["username"] == "countess"


def test_the_account_is_shown_and_exported(world, ada):
    accounts = world.wire(AccountViews)

    assert accounts.show(asked(ada)).data["data"]["username"] == "ada"
    export = accounts.export(asked(ada))

    assert (export.filename, export.cookie) == ("account.json", None)
    document = json.loads(b"".join(export.data))["data"]
    assert document["user"]["username"] == "ada"
    assert [session["current"] for session in document["sessions"]] == [True]


def test_sessions_are_listed_and_ended_by_the_id_in_the_path(world, ada):
    sessions = world.wire(SessionViews)
    other, _ = world.login()

    listed = sessions.list(asked(ada)).data["data"]
    assert {row["id"]: row["current"] for row in listed} == {ada.session.id: True, other.session.id: False}
    with pytest.raises(NotFound):
        sessions.end(asked(ada, path={"id": ABSENT}))
    assert sessions.end(asked(ada, path={"id": other.session.id})) == DONE
    assert sessions.end_others(asked(ada)) == DONE
    assert sessions.end(asked(ada, path={"id": ada.session.id})).cookie == Cookie()


def test_a_team_is_renamed_by_the_id_in_the_path(world, ada):
    teams = world.wire(TeamViews)
    [team] = teams.list(asked(ada)).data["data"]

    renamed = teams.rename(asked(ada, path={"id": team["id"]}), NameTeam(name="<b>Analysts</b>"))

    assert renamed.data == {"data": team | {"name": "Analysts"}}
    assert teams.list(asked(ada)).data == {"data": [renamed.data["data"]], "next": None}


def test_events_are_paged_by_the_query(world, ada):
    for name in ("ada1", "ada2"):
        world.accounts.rename(ada, name)
    events = world.wire(EventViews)

    page = events.list(asked(ada, query={"limit": "2"})).data
    rest = events.list(asked(ada, query={"limit": "2", "after": str(page["next"])})).data

    tags = [row["tag"] for row in page["data"] + rest["data"]]
    assert (tags, rest["next"]) == (["username_changed", "username_changed", "registered"], None)


def test_emails_and_passwords_answer_done_and_a_new_password_gives_a_new_cookie(world, ada):
    emails, passwords = world.wire(EmailViews), world.wire(PasswordViews)
    change = ChangeEmail(email="countess@example.org", current_password=GOOD_PASSWORD)

    told = Response({"message": "success", "data": {"email": EMAIL}})

    assert emails.send_again(asked(ada)) == DONE
    assert emails.verify(asked(), VerifyEmail(token=world.token("verify_email"))) == told
    assert emails.ask_to_change(asked(ada), change) == DONE
    assert passwords.forgot(asked(), ForgotPassword(email=EMAIL)) == DONE
    reset = ResetPassword(token=world.token("reset_password"), new_password=ANOTHER_PASSWORD)
    assert passwords.reset(asked(), reset) == told
    actor, _ = world.login(password=ANOTHER_PASSWORD)
    change = ChangePassword(current_password=ANOTHER_PASSWORD, new_password=GOOD_PASSWORD)
    cookie = passwords.change(asked(actor), change).cookie
    assert world.sessions.authenticate(cookie.secret, CLIENT)[0].id == cookie.user_id == ada.id


def test_health_counts_waiting_mail(world, ada):
    health = world.wire(HealthViews)

    assert health.live(asked()).data == {"data": {"status": "live"}}
    assert health.ready(asked()).data["data"]["mail"] == {"waiting": 1, "parked": 0}


def test_paging_parameters_have_defaults():
    assert (asked().after(), asked().limit()) == (None, 50)
    assert asked(query={"after": str(ABSENT)}).after() == ABSENT
    assert [asked(query={"limit": limit}).limit() for limit in ("1", "100", "007")] == [1, 100, 7]


LIMITS = ["", "0", "101", "-1", "1_0", "ten", "1e1", "٣", "\0", "9" * 5000, "0050" + "9" * 5000, "1.5"]


@pytest.mark.parametrize(
    "name, values",
    [("limit", LIMITS), ("after", ["1", "\0", "nowhere", "x" * 5000, "'; DROP TABLE users; --"])],
)
def test_a_wrong_paging_parameter_is_named(name, values):
    for value in values:
        with pytest.raises(Invalid) as refused:
            getattr(asked(query={name: value}), name)()
        assert list(refused.value.fields) == [name]


class Probe(Body):
    text: Text


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON"])
@pytest.mark.parametrize("parameters", ["", "; charset=utf-8", ';charset="UTF-8"', "; x=y", ";CHARSET=utf8"])
def test_the_content_type_of_json_may_have_several_spellings(kind, parameters):
    assert read_body(Probe, kind + parameters, b'{"text": "x"}') == Probe(text="x")
