"""The delivery of waiting mail to a real SMTP server."""

from contextlib import suppress
from datetime import timedelta

import pytest
from dependency_injector import providers

from domain.mails import LEASE
from entrypoints.settings import Settings
from tests.fakes import NOON
from tests.integration.conftest import ADA
from tests.integration.test_emails import everything_stored, waiting
from tests.integration.test_smtp import Inbox, mailer, serving
from tests.samples import a_mail


@pytest.fixture
def inbox():
    return Inbox()


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost"])
def test_mail_is_sent_from_every_address_of_development(container, database_url, inbox, base_url):
    with serving(inbox) as port:
        url = f"smtp://127.0.0.1:{port}"
        chosen = Settings(_env_file=None, database_url=database_url, base_url=base_url, mail_url=url)
        container.settings.override(providers.Object(chosen))
        container.mailer().send(a_mail())

    assert inbox.recipients == ["ada@example.org"]


def test_a_refused_mail_is_delivered_once_when_the_server_accepts_mail_again(
    clock, ada, container, inbox, engines
):
    with serving(inbox) as port:
        container.mailer.override(providers.Object(mailer(f"smtp://127.0.0.1:{port}")))
        delivery = container.delivery()
        inbox.refusing = "451 try later"
        assert delivery.deliver() == 1
        [mail] = waiting(container)
        assert (mail.attempts, mail.last_error) == (1, "the mail server refused the recipient (451)")
        assert mail.next_try_at == clock.now + timedelta(minutes=1)
        token = mail.facts["token"]

        inbox.refusing = ""
        assert delivery.deliver() == 0
        clock.advance(minutes=1)
        assert delivery.deliver() == 1
        clock.advance(days=2)
        assert delivery.deliver() == 0

    assert inbox.recipients == [ADA["email"]]
    assert token in inbox.messages[0].get_body(["plain"]).get_content()
    assert token not in everything_stored(engines)
    assert (delivery.backlog().waiting, delivery.backlog().parked) == (0, 0)


def test_a_mail_to_an_impossible_address_delays_no_other(clock, ada, container, inbox):
    with container.transaction()() as work:
        for number in range(4):
            work.mails.add(a_mail(recipient=f"ok{number}@example.org", next_try_at=NOON))
        first = a_mail(recipient="émilie@example.org", next_try_at=NOON - timedelta(seconds=1))
        work.mails.add(first)
        work.commit()
    with serving(inbox, enable_SMTPUTF8=False) as port:
        container.mailer.override(providers.Object(mailer(f"smtp://127.0.0.1:{port}")))
        while container.delivery().deliver():
            pass

    assert sorted(inbox.recipients) == [ADA["email"], *(f"ok{number}@example.org" for number in range(4))]
    [parked] = waiting(container)
    assert (parked.id, parked.parked_at) == (first.id, clock.now)


def test_a_mail_that_cannot_be_written_delays_no_other(clock, container, inbox):
    """A mail of an older version may lack a fact that its template needs now."""
    with container.transaction()() as work:
        work.mails.add(a_mail(facts={}, recipient="first@example.org"))
        for number in range(4):
            work.mails.add(a_mail(recipient=f"ok{number}@example.org"))
        work.commit()
    with serving(inbox) as port:
        container.mailer.override(providers.Object(mailer(f"smtp://127.0.0.1:{port}")))
        for _ in range(4):
            with suppress(Exception):  # the background work logs it and continues
                container.delivery().deliver()
            clock.now += LEASE

    assert sorted(inbox.recipients) == [f"ok{number}@example.org" for number in range(4)]
    assert [mail.recipient for mail in waiting(container)] == ["first@example.org"]
