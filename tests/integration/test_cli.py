"""The command line, over every database: what it prints, what it asks for, and how it exits."""

import getpass
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from dependency_injector import providers
from pyotp import TOTP

from adapters.sql.engines import connect
from domain import errors
from domain.access import LastAdmin, PermissionDenied
from domain.links import LinkGone
from domain.sessions import NotLoggedIn
from domain.users import EmailTaken
from entrypoints.cli import EXIT, cli
from entrypoints.problems import STATUS
from tests.fakes import NOON, FakeMailer
from tests.integration.conftest import ADA
from tests.integration.test_emails import ON_ONE_DATABASE
from tests.samples import GOOD_PASSWORD, a_mail, a_user

CREATE = ["users", "create", "--email", " Grace@EXAMPLE.org", "--username", "grace"]
ERRORS = [
    errors.Invalid("name", "It is too long."),
    NotLoggedIn(),
    PermissionDenied(),
    errors.NotFound(),
    EmailTaken(),
    LinkGone(),
    errors.TooManyAttempts(7),
    errors.Unavailable(1),
]


@pytest.fixture
def run(container):
    def run(*arguments, typed="", code=0):
        result = CliRunner().invoke(cli, arguments, obj=container, input=typed)
        assert result.exit_code == code, (result.output, result.exception)
        assert GOOD_PASSWORD not in result.output
        return result

    return run


def created(run, *options):
    return run(*CREATE, "--password-stdin", *options, typed=GOOD_PASSWORD + "\n")


def user_with(container, email):
    with container.look()() as stored:
        return stored.users.by_email(email)


def lines(result):
    return result.stdout.splitlines()


def test_an_account_is_created_with_the_password_from_stdin(run, container, client):
    result = created(run)

    assert lines(result) == ["Created grace <Grace@example.org>."]
    login = {"email": "grace@example.org", "password": GOOD_PASSWORD}
    assert client.ask("POST", "/api/login", login)[0] == 200
    user = user_with(container, "grace@example.org")
    assert (user.roles, user.email_verified_at) == (frozenset(), None)
    with container.look()() as stored:
        registered = stored.events.about(user.id, None, 10).items[-1]
        assert len(stored.teams.of(user.id)) == 1
    assert (registered.tag, registered.actor_id, registered.user_agent) == (
        "registered",
        None,
        "command line",
    )


def test_an_admin_is_created(run, container):
    assert lines(created(run, "--admin")) == ["Created grace <Grace@example.org> as admin."]

    assert user_with(container, "grace@example.org").roles == {"admin"}


@ON_ONE_DATABASE
def test_without_stdin_the_password_is_asked_for_twice_and_not_shown(run, client):
    result = run(*CREATE, typed=f"{GOOD_PASSWORD}\n{GOOD_PASSWORD}\n")

    assert "Password" in result.output and "Repeat" in result.output
    login = {"email": "grace@example.org", "password": GOOD_PASSWORD}
    assert client.ask("POST", "/api/login", login)[0] == 200


@ON_ONE_DATABASE
def test_an_account_is_not_created_while_the_passwords_differ(run, container):
    run(*CREATE, typed=f"{GOOD_PASSWORD}\nanother one\n", code=1)

    assert user_with(container, "grace@example.org") is None


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "arguments",
    [
        [*CREATE, "--password", "x"],
        [*CREATE, "x"],
        ["users", "create", "--username", "grace"],
        ["users", "grant", "ada@example.org", "queen"],
        ["users", "list", "--limit", "101"],
        ["users", "list", "--after", "nowhere"],
        ["mails", "list", "--limit", "0"],
        ["users", "delete"],
        ["nonsense"],
    ],
)
def test_wrong_usage_exits_with_2_and_a_password_is_no_argument(run, container, arguments):
    result = run(*arguments, code=2)

    assert "Usage:" in result.stderr and result.stdout == ""
    assert user_with(container, "grace@example.org") is None


def test_a_refusal_has_a_message_on_stderr_and_an_exit_code(run, ada):
    run("users", "grant", "unknown@example.org", "admin", code=6)
    taken = run(*CREATE[:2], "--email", "ADA@example.org", "--username", "other", "--password-stdin",
                typed=GOOD_PASSWORD, code=7)  # fmt: skip
    assert (taken.stdout, taken.stderr) == ("", f"Error: {EmailTaken.message}\n")
    run("users", "grant", ADA["email"], "admin")
    assert run("users", "revoke", ADA["email"], "admin", code=7).stderr == f"Error: {LastAdmin.message}\n"
    invalid = run("users", "create", "--email", "x", "--username", "1", "--password-stdin", typed="x", code=3)
    assert invalid.stdout == ""
    told = invalid.stderr.splitlines()
    assert [line.split(":")[0] for line in told] == ["username", "email", "password"]


@ON_ONE_DATABASE
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_kind_of_error_has_its_exit_code(run, container, error):
    class Refusing:
        def purge(self):
            raise error

    container.housekeeping.override(providers.Object(Refusing()))
    [family] = [family for family in EXIT if isinstance(error, family)]

    result = run("purge", code=EXIT[family])

    told = "name: It is too long." if isinstance(error, errors.Invalid) else f"Error: {error.message}"
    assert result.stderr.splitlines() == [told]
    assert result.stdout == ""


def test_the_exit_codes_are_distinct_and_no_family_is_forgotten():
    assert sorted(EXIT.values()) == list(range(3, 3 + len(EXIT)))
    assert set(EXIT) == set(STATUS)
    assert {family for family in EXIT for error in ERRORS if isinstance(error, family)} == set(EXIT)


@ON_ONE_DATABASE
def test_a_crash_exits_with_1(run, container):
    class Broken:
        def purge(self):
            raise RuntimeError("the cause")

    container.housekeeping.override(providers.Object(Broken()))
    run("purge", code=1)


@ON_ONE_DATABASE
def test_a_missing_database_exits_with_10(run, container):
    engines = connect("sqlite:////nowhere/at/all.db")
    container.engines.override(providers.Object(engines))
    assert run("users", "list", code=10).stderr.startswith("Error: ")


def test_users_are_listed_newest_first(run, ada, container):
    created(run, "--admin")

    grace, first = lines(run("users", "list"))

    assert grace.split()[2:] == ["admin", "grace", "Grace@example.org"]
    assert first.split()[2:] == ["-", "ada", "ada@example.org"]
    assert lines(run("users", "list", "--search", "GRACE@")) == [grace]
    assert lines(run("users", "list", "--search", "%")) == []


def test_users_are_listed_as_json(run, ada, container):
    created(run, "--admin")

    page = json.loads(run("users", "list", "--json").stdout)

    assert page["next"] is None
    assert page["data"][1] == ada.ask("GET", "/api/user")[1]["data"]
    assert [user["roles"] for user in page["data"]] == [["admin"], []]


def test_users_are_listed_page_by_page(run, container):
    with container.transaction()() as work:
        for number in range(5):
            work.users.add(a_user(f"person{number}@example.org"))
        work.commit()
    found, after = [], []
    for _ in range(3):
        page = json.loads(run("users", "list", "--json", "--limit", "2", *after).stdout)
        found += [user["username"] for user in page["data"]]
        after = ["--after", page["next"]]

    assert found == [f"person{number}" for number in (4, 3, 2, 1, 0)]
    assert page["next"] is None
    first = lines(run("users", "list", "--limit", "2"))
    assert len(first) == 3 and first[2].startswith("More: --after ")
    assert lines(run("users", "list", *first[2].split()[1:]))[0].split()[3] == "person2"


def test_a_role_is_granted_and_revoked(run, ada, container):
    assert lines(run("users", "grant", " ADA@example.org", "admin")) == [
        "ada@example.org now has the role admin."
    ]
    assert ada.ask("GET", "/api/user")[1]["data"]["roles"] == ["admin"]
    created(run, "--admin")

    assert lines(run("users", "revoke", ADA["email"], "admin")) == [
        "ada@example.org no longer has the role admin."
    ]
    assert ada.ask("GET", "/api/user")[1]["data"]["roles"] == []
    with container.look()() as stored:
        told = stored.events.about(user_with(container, ADA["email"]).id, None, 10).items
    assert [(event.tag, event.detail) for event in told[:2]] == [
        ("role_revoked", "admin"),
        ("role_granted", "admin"),
    ]


@pytest.fixture
def undelivered(clock, container):
    """A mail that waits for its second try, and a parked mail."""
    waits, parked = a_mail(recipient="w@example.org"), a_mail(recipient="p@example.org")
    waits.failed(NOON, "the mail server answered 451")
    parked.created_at -= timedelta(days=2)
    parked.failed(NOON, "the mail server answered 550")
    with container.transaction()() as work:
        for mail in (waits, parked):
            work.mails.add(mail)
        delivered = a_mail(recipient="d@example.org")
        delivered.delivered(NOON)
        work.mails.add(delivered)
        work.commit()
    return waits, parked


def test_undelivered_mails_are_listed_without_tokens(run, undelivered):
    result = run("mails", "list")

    given_up, waits = lines(result)
    assert "failed" in given_up and given_up.endswith("p@example.org  the mail server answered 550")
    assert "waiting" in waits and waits.endswith("w@example.org  the mail server answered 451")
    assert "t0k3n" not in result.output


def test_undelivered_mails_are_listed_as_json(run, undelivered):
    _, parked = undelivered
    result = run("mails", "list", "--json")

    page = json.loads(result.stdout)
    assert page["data"][0] == {
        "id": str(parked.id),
        "kind": "verify_email",
        "recipient": "p@example.org",
        "created_at": parked.created_at.isoformat(),
        "next_try_at": None,
        "attempts": 1,
        "parked_at": NOON.isoformat(),
        "last_error": "the mail server answered 550",
    }
    assert page["data"][1]["next_try_at"] == (NOON + timedelta(minutes=1)).isoformat()
    assert (len(page["data"]), page["next"]) == (2, None)
    assert "t0k3n" not in result.output
    first = json.loads(run("mails", "list", "--json", "--limit", "1").stdout)
    rest = json.loads(run("mails", "list", "--json", "--after", first["next"]).stdout)
    assert first["data"] + rest["data"] == page["data"]


def test_failed_mails_are_counted_for_monitors(client, undelivered):
    data = {"status": "ready", "mail": {"waiting": 1, "parked": 1}}
    assert client.ask("GET", "/health/ready") == (200, {"data": data})


def test_due_mail_is_delivered(run, clock, ada, container):
    mailer = FakeMailer()
    container.mailer.override(providers.Object(mailer))
    later = a_mail(recipient="later@example.org", next_try_at=NOON + timedelta(minutes=1), attempts=1)
    with container.transaction()() as work:
        for mail in [*(a_mail(recipient=f"{number}@example.org") for number in range(7)), later]:
            work.mails.add(mail)
        work.commit()

    assert lines(run("mails", "deliver")) == ["Tried: 8. Waiting: 1. Failed: 0."]
    assert {mail.recipient for mail in mailer.sent} == {ADA["email"], *(f"{n}@example.org" for n in range(7))}
    assert lines(run("mails", "deliver")) == ["Tried: 0. Waiting: 1. Failed: 0."]


def purged(run):
    """The first numbers that `purge` prints, by word. All others are 0."""
    found = {word: int(number) for word, number in (line.split(": ") for line in lines(run("purge")))}
    assert set(list(found.values())[3:]) == {0}
    return {word: found[word] for word in ("sessions", "links", "mails")}


def test_purge_deletes_expired_rows_and_prints_their_number(clock, ada, run, container):
    container.mailer.override(providers.Object(FakeMailer()))
    assert container.delivery().deliver() == 1
    clock.advance(days=7, seconds=-1)
    assert purged(run) == {"sessions": 1, "links": 1, "mails": 0}
    clock.advance(seconds=1)
    assert purged(run) == {"sessions": 0, "links": 0, "mails": 1}
    assert purged(run) == {"sessions": 0, "links": 0, "mails": 0}
    assert user_with(container, ADA["email"]) is not None


def test_purge_keeps_rows_that_are_valid(clock, ada, client, run, container):
    login = {"email": ADA["email"], "password": GOOD_PASSWORD, "remember": True}
    assert client.ask("POST", "/api/login", login)[0] == 200
    clock.advance(days=8)
    assert purged(run) == {"sessions": 1, "links": 1, "mails": 0}
    assert client.ask("GET", "/api/user")[0] == 200
    with container.look()() as stored:
        assert len(stored.mails.undelivered(None, 10).items) >= 1


def test_a_user_is_shown_disabled_enabled_and_logged_out(ada, run, container):
    shown = json.loads(run("users", "show", "ADA@example.org", "--json").stdout)["data"]
    assert (shown["username"], shown["disabled"]) == ("ada", False)
    assert "username: ada" in lines(run("users", "show", ADA["email"]))

    run("users", "end-sessions", ADA["email"])
    assert ada.code("GET", "/api/user") == 40102
    run("users", "disable", ADA["email"])
    assert ada.code("POST", "/api/login", {"email": ADA["email"], "password": GOOD_PASSWORD}) == 40101
    run("users", "reset-password", ADA["email"], code=5)
    run("users", "enable", ADA["email"])
    assert ada.ask("POST", "/api/login", {"email": ADA["email"], "password": GOOD_PASSWORD})[0] == 200
    assert lines(run("users", "verify-email", ADA["email"])) == [f"{ADA['email']} gets the link."]
    run("users", "show", "unknown@example.org", code=6)


def test_the_second_factor_of_a_user_is_switched_off(ada, run):
    run("users", "two-factor-off", ADA["email"], code=7)  # it is off
    secret = ada.ask("POST", "/api/two-factor", {"current_password": GOOD_PASSWORD})[1]["data"]["secret"]
    assert ada.ask("POST", "/api/two-factor/confirm", {"code": TOTP(secret).now()})[0] == 200
    login = {"email": ADA["email"], "password": GOOD_PASSWORD}
    assert ada.code("POST", "/api/login", login) == 40103

    assert lines(run("users", "two-factor-off", ADA["email"])) == [
        f"Two-factor authentication of {ADA['email']} is off."
    ]
    assert ada.ask("POST", "/api/login", login)[0] == 200
    found = run("events", "list", "--tag", "two_factor_off", "--json")
    assert [event["operator"] for event in json.loads(found.stdout)["data"]] == [getpass.getuser()]


def test_events_have_the_name_of_the_operator(ada, run):
    run("--operator", "grace", "users", "end-sessions", ADA["email"])
    run("users", "end-sessions", ADA["email"])
    found = run("events", "list", "--tag", "all_sessions_ended", "--json")
    names = [event["operator"] for event in json.loads(found.stdout)["data"]]

    assert names == [getpass.getuser(), "grace"]


def test_teams_and_events_are_listed(ada, run):
    [team] = json.loads(run("teams", "list", "--json").stdout)["data"]
    shown = json.loads(run("teams", "show", team["id"], "--json").stdout)["data"]
    assert (shown["name"], [member["username"] for member in shown["members"]]) == ("ada's team", ["ada"])
    assert len(lines(run("teams", "list"))) == 1 and "ada's team" in lines(run("teams", "list"))[0]
    assert [line.split()[2:] for line in lines(run("teams", "show", team["id"]))[1:]] == [["owner", "ada"]]
    run("teams", "show", "00000000-0000-7000-8000-000000000000", code=6)

    user_id = json.loads(run("users", "show", ADA["email"], "--json").stdout)["data"]["id"]
    [line] = lines(run("events", "list", "--user", user_id))
    assert "registered" in line and line.endswith("Account created.")
    for options in (["--until", "2020-01-01"], ["--since", "2100-01-01T00:00:00+0100"], ["--team", user_id]):
        assert lines(run("events", "list", *options)) == []
    assert len(lines(run("events", "list", "--limit", "1"))) == 1
