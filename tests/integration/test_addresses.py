"""Addresses from the request to the mail server: the stored address gets the mail."""

import json
import re
from contextlib import contextmanager
from email import message_from_string, policy

import pytest
from alembic import command
from click.testing import CliRunner
from dependency_injector import providers
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine, event, text

from adapters.emails import email_syntax
from adapters.sql.engines import connect
from adapters.sql.unit_of_work import SqlReading
from application.ports import MailNotSent
from domain.errors import Invalid
from domain.users import normal_email
from entrypoints import site
from entrypoints.cli import cli
from entrypoints.settings import Settings
from tests.databases import KINDS, alembic_config, empty_database
from tests.integration.conftest import ADA
from tests.integration.test_emails import ON_ONE_DATABASE, waiting
from tests.integration.test_smtp import Inbox, mailer, serving
from tests.samples import GOOD_PASSWORD, a_mail

ENCODED = "=?utf-8?q?victim=40corp.example=2c?=@example.org"


def chosen(**values):
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(
    "email",
    [
        ENCODED,
        "=?utf-8?q?a=0d=0abcc:eve?=@example.org",
        "=?unknown?b?dmljdGlt?=@example.org",
        "ada(comment)@example.org",
        '"ada"@example.org',
        "@a.example:ada@example.org",
        "Ada <ada@example.org>",
    ],
)
@ON_ONE_DATABASE
def test_an_ambiguous_address_is_refused(ada, client, container, email):
    assert client.code("POST", "/api/register", ADA | {"username": "eve", "email": email}) == 42201
    change = {"email": email, "current_password": GOOD_PASSWORD}
    assert ada.code("POST", "/api/email", change) == 42201
    assert client.code("POST", "/api/password/forgot", {"email": email}) == 42201
    assert {mail.recipient for mail in waiting(container)} == {ADA["email"]}


def test_an_address_is_shown_and_mailed_as_typed_and_compared_by_its_key(client, new_client, container):
    body = ADA | {"email": " Straße@Bücher.example "}
    assert client.ask("POST", "/api/register", body)[1]["data"]["email"] == "Straße@xn--bcher-kva.example"

    other = ADA | {"username": "eve", "email": "STRASSE@xn--bcher-kva.example"}
    assert new_client().code("POST", "/api/register", other) == 40902
    login = {"email": other["email"], "password": GOOD_PASSWORD}
    assert new_client().ask("POST", "/api/login", login)[0] == 200
    assert new_client().ask("POST", "/api/password/forgot", {"email": other["email"]})[0] == 202
    assert {mail.recipient for mail in waiting(container)} == {"Straße@xn--bcher-kva.example"}


@pytest.fixture(scope="module")
def server():
    inbox = Inbox()
    with serving(inbox) as port:
        yield inbox, mailer(f"smtp://127.0.0.1:{port}")


pieces = st.sampled_from(
    "=? ?= ?q? ?b? utf-8 =40 =2c =0d=0a ( ) < > , : ; \" \\ . + - ' # é ß ﬃ Ａ ＠ İ 日本 😀 a B".split()
)
local_parts = st.one_of(
    st.lists(pieces, min_size=1, max_size=8).map("".join), st.text(min_size=1, max_size=9)
)
domains = st.sampled_from(["example.org", "BÜCHER.example", "ß.de", "日本語.jp", "x" * 60 + ".com"])


@settings(max_examples=200)
@given(st.one_of(st.builds("{}@{}".format, local_parts, domains), st.emails()))
def test_the_stored_address_is_the_envelope_and_the_header(server, typed):
    inbox, smtp_mailer = server
    try:
        stored = normal_email(typed, email_syntax)
    except Invalid:
        return
    smtp_mailer.send(a_mail(recipient=stored))

    envelope, _ = inbox.envelopes[-1]
    header = message_from_string(envelope.content.decode(), policy=policy.default)["To"]
    assert envelope.rcpt_tos == [address.addr_spec for address in header.addresses] == [stored]


def test_no_mail_is_sent_to_an_ambiguous_address_of_an_earlier_release(server):
    inbox, smtp_mailer = server
    before = len(inbox.commands)
    for recipient in (ENCODED, "=?utf-8?q?a=0d=0ab?=@example.org", "ada@example.org\r\nBcc: eve@example.org"):
        with pytest.raises(MailNotSent, match="would be read as another one") as caught:
            smtp_mailer.send(a_mail(recipient=recipient))
        assert caught.value.for_good
    assert len(inbox.commands) == before


@ON_ONE_DATABASE
def test_a_mail_that_the_server_cannot_address_is_parked_with_the_reason(client, container):
    inbox = Inbox()
    assert client.ask("POST", "/api/register", ADA | {"email": "émilie@example.org"})[0] == 201
    with serving(inbox, enable_SMTPUTF8=False) as port:
        container.mailer.override(providers.Object(mailer(f"smtp://127.0.0.1:{port}")))
        assert container.delivery().deliver() == 1

    [mail] = waiting(container)
    assert mail.last_error == "the mail server does not support internationalized addresses (SMTPUTF8)"
    assert mail.parked_at and mail.next_try_at is None
    assert inbox.commands == []


@pytest.mark.parametrize(
    "given, sender",
    [
        ("hello@acme.com", (site.SENDER, "hello@acme.com")),
        ("Acme <hello@acme.com>", ("Acme", "hello@acme.com")),
        ('"Acme, Inc." <hello@acme.com>', ("Acme, Inc.", "hello@acme.com")),
        (" Bücher <Hello+a.b@BÜCHER.example> ", ("Bücher", "Hello+a.b@xn--bcher-kva.example")),
        ("hello@faß.de", (site.SENDER, "hello@xn--fa-hia.de")),
        ("hello@localhost", (site.SENDER, "hello@localhost")),
    ],
)
def test_the_sender_is_read_from_mail_from(given, sender):
    assert chosen(mail_from=given).mail_sender == sender


@pytest.mark.parametrize(
    "given",
    [
        *"hello|hello@|@acme.com|a@b@c.com|a@192.0.2.1|a@127.1|a@[::1]|a b@x.com|a@x y.com|<>".split("|"),
        *"Acme hello@acme.com|Acme <hello@acme.com|hello@acme.com>|x <a@x.com> y|a@x.com, b@x.com".split("|"),
        *"a..b@x.com|.a@x.com|a.@x.com|a@x..com|a@x.com.|é@x.com|a@xn--a.com|=?utf-8?q?x?=@y.com".split("|"),
        "x" * 65 + "@x.com",
    ],
)
def test_an_invalid_sender_is_refused_in_one_line(given):
    with pytest.raises(ValidationError) as caught:
        chosen(mail_from=given)

    [error] = caught.value.errors()
    assert error["loc"] == ("mail_from",)
    assert error["msg"] == "Value error, must look like hello@acme.com or Acme <hello@acme.com>"


@pytest.mark.parametrize(
    "values, address",
    [
        ({"host": "::"}, "noreply@localhost"),
        ({"host": "0.0.0.0"}, "noreply@localhost"),
        ({"host": "192.0.2.7"}, "noreply@localhost"),
        ({"base_url": "http://[2001:db8::1]:8000"}, "noreply@localhost"),
        ({"base_url": "https://App.Acme.com"}, "noreply@app.acme.com"),
        ({"base_url": "https://acme.com."}, "noreply@acme.com"),
        ({"base_url": "https://faß.de"}, "noreply@xn--fa-hia.de"),
    ],
)
def test_the_sender_is_by_default_at_the_host_of_the_site(values, address):
    assert chosen(**values).mail_sender == (site.SENDER, address)


def test_production_does_not_start_with_the_sender_of_the_sample():
    values = {"app_env": "production", "base_url": "https://acme.com", "mail_url": "smtp://127.0.0.1:25"}
    with pytest.raises(ValidationError, match="MAIL_FROM still has its sample value"):
        chosen(**values, mail_from="Acme <hello@change-me.example>")


def test_the_sender_is_in_the_envelope_and_in_the_header(container, database_url):
    inbox = Inbox()
    with serving(inbox) as port:
        values = {"mail_url": f"smtp://127.0.0.1:{port}", "mail_from": "Bücher, Inc. <hello@bücher.example>"}
        container.settings.override(providers.Object(chosen(database_url=database_url, **values)))
        container.mailer().send(a_mail())

    [message], [(envelope, _)] = inbox.messages, inbox.envelopes
    [sender] = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Bücher, Inc.", "hello@xn--bcher-kva.example")
    assert envelope.mail_from == sender.addr_spec
    assert message["Message-ID"].endswith("@xn--bcher-kva.example>")


@pytest.mark.parametrize(
    "search, found",
    [
        ("müller", ["mueller"]),
        ("MÜLLER.example", ["mueller"]),
        ("user@mu\u0308ller", ["mueller"]),
        ("jos\u00e9", ["jose"]),
        ("jose\u0301", ["jose"]),
        ("JOSE\u0301@", ["jose"]),
        ("jose@", []),
        ("a\udcff", []),
    ],
)
def test_users_are_found_by_any_spelling_of_the_address(container, client, search, found):
    client.ask("POST", "/api/register", ADA | {"username": "mueller", "email": "user@müller.example"})
    client.ask("POST", "/api/register", ADA | {"username": "jose", "email": "Jose\u0301@example.org"})

    result = CliRunner().invoke(cli, ["users", "list", "--json", "--search", search], obj=container)
    assert result.exit_code == 0, result.exception
    assert [user["username"] for user in json.loads(result.stdout)["data"]] == found


USER = (
    "INSERT INTO users (id, username, username_key, email, password_hash, created_at, version)"
    " VALUES (:id, 'Ada', 'ada', 'strasse@example.org', 'hash', '2026-01-01 12:00:00', 1)"
)
ROLE = "INSERT INTO user_roles (user_id, role) VALUES (:id, 'admin')"


@pytest.fixture(params=KINDS)
def before(request, tmp_path):
    """A database of the earlier release, with an administrator."""
    with empty_database(request.param, tmp_path) as url:
        command.upgrade(alembic_config(url), "0003")
        engines = connect(url)
        with engines.writer.begin() as connection:
            for statement in (USER, ROLE):
                connection.execute(text(statement), {"id": "0" * 31 + "1"})
        engines.dispose()
        yield url


def the_user(url):
    engines = connect(url)
    with SqlReading(engines) as stored:
        user = stored.users.by_email("Straße@example.org")
    engines.dispose()
    return user.email, user.email_key, user.roles


KEPT = ("strasse@example.org", "strasse@example.org", {"admin"})


def test_existing_users_keep_their_addresses_and_roles(before):
    config = alembic_config(before)
    command.upgrade(config, "heads")
    assert the_user(before) == KEPT
    command.downgrade(config, "0003")
    command.upgrade(config, "heads")
    assert the_user(before) == KEPT


@contextmanager
def interrupted_before(number):
    """Fails at the statement of this number that changes the users."""
    seen = []

    def note(connection, cursor, statement, *_):
        if re.match("ALTER|UPDATE users|CREATE|DROP", statement):
            seen.append(statement)
            if len(seen) > number:
                raise KeyboardInterrupt

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("before", ["postgresql", "mariadb"], indirect=True)
@pytest.mark.parametrize("number", range(7))
def test_an_interrupted_migration_can_be_run_again(before, number):
    config = alembic_config(before)
    for run, revision in ((command.upgrade, "0004"), (command.downgrade, "0003"), (command.upgrade, "heads")):
        with interrupted_before(number):
            run(config, revision)
        run(config, revision)
    command.check(config)
    assert the_user(before) == KEPT
