from datetime import timedelta
from itertools import pairwise

import pytest

from domain.access import Operator, PermissionDenied
from domain.events import Tag
from domain.limits import WRONG_PASSWORDS, network_of
from domain.links import Purpose
from domain.mails import LEASE
from tests.fakes import NOON, FakeMailer
from tests.samples import CLIENT, GOOD_PASSWORD, an_event


def test_a_mail_is_delivered_once_and_its_token_is_deleted(world, ada):
    assert world.delivery.deliver() == 1
    assert world.delivery.deliver() == 0

    [sent] = world.mailer.sent
    assert sent.facts["token"]
    [kept] = world.rows("mails")
    assert (kept.delivered_at, kept.facts, kept.next_try_at) == (NOON, {}, None)


def test_uncommitted_mail_is_not_sent(world, ada):
    world.delivery.deliver()
    with pytest.raises(ZeroDivisionError), world.transaction() as work:
        world.accounts.links.send(work, Purpose.VERIFY_EMAIL, ada.user, "ada@example.org")
        1 / 0  # noqa: B018

    assert world.delivery.deliver() == 0


def test_a_mail_that_fails_is_tried_again_after_growing_pauses_and_parked_after_a_day(world, ada):
    world.mailer.broken = True
    tries = []
    while world.waiting:
        if world.delivery.deliver():
            tries.append(world.clock.now)
        world.clock.advance(minutes=1)
    pauses = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(tries)]

    assert pauses == sorted(pauses)
    assert pauses[:4] == [1, 2, 4, 8]
    assert max(pauses) == 240
    [mail] = world.rows("mails")
    assert mail.parked_at >= NOON + timedelta(days=1)
    assert mail.last_error == "the mail server answered 451"
    assert (world.delivery.backlog().waiting, world.delivery.backlog().parked) == (0, 1)


def test_a_mail_is_sent_when_the_lease_of_another_delivery_is_over(world, ada):
    with world.transaction() as work:
        work.mails.claim(world.clock.now, world.clock.now + LEASE, 10)
        work.commit()
    assert world.delivery.deliver() == 0

    world.clock.now += LEASE
    assert world.delivery.deliver() == 1
    assert len(world.mailer.sent) == 1


def test_the_operator_lists_undelivered_mails(world, ada):
    world.register("eve")
    page = world.delivery.undelivered(Operator(CLIENT), None, 1)
    more = world.delivery.undelivered(Operator(CLIENT), page.next, 1)

    assert [mail.recipient for mail in page.items + more.items] == ["eve@example.org", "ada@example.org"]
    assert world.delivery.backlog().waiting == 2
    with pytest.raises(PermissionDenied):
        world.delivery.undelivered(ada, None, 1)


def test_expired_rows_are_deleted(world, ada):
    world.passwords.forgot("ada@example.org", CLIENT)
    world.delivery.deliver()
    assert sum(world.housekeeping.purge().values()) == 0

    world.clock.advance(days=8)
    assert world.housekeeping.purge() == {
        "sessions": 1,
        "links": 2,
        "mails": 2,
        "invitations": 0,
        "tokens": 0,
        "logins": 0,
        "limits": 6,
    }
    assert world.rows("sessions") == [] == world.rows("links")
    assert sum(world.housekeeping.purge().values()) == 0


def test_expired_rows_are_deleted_in_batches(world, monkeypatch):
    monkeypatch.setattr("application.housekeeping.PURGE_BATCH", 2)
    for name in ("ada", "bob", "cyd", "dan", "eve"):
        world.register(name)
    world.clock.advance(days=2)

    assert world.housekeeping.purge()["sessions"] == 5


@pytest.mark.parametrize(
    "ip, network",
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_an_ipv6_client_is_counted_by_its_network(ip, network):
    assert network_of(ip) == network


def test_ten_wrong_passwords_are_allowed_in_five_minutes():
    assert (WRONG_PASSWORDS.times, WRONG_PASSWORDS.seconds) == (10, 300)


def test_every_event_has_a_sentence():
    assert all(tag.sentence for tag in Tag)
    event = an_event(None, Tag.ROLE_GRANTED, detail="admin", user_agent="curl/8")
    assert event.sentence == "Role granted (admin)."
    assert event.device == "curl"


def test_a_mail_that_cannot_be_written_delays_no_other(world, monkeypatch):
    world.register("ada")
    world.register("eve")

    def crash_at_ada(self, mail):
        if mail.recipient == "ada@example.org":
            raise KeyError("a fact is missing")
        self.sent.append(mail)

    monkeypatch.setattr(FakeMailer, "send", crash_at_ada)
    world.delivery.deliver()

    assert [mail.recipient for mail in world.mailer.sent] == ["eve@example.org"]
    [waiting] = world.waiting
    assert (waiting.attempts, waiting.last_error) == (1, "the mail could not be written (KeyError)")


def test_a_delivery_that_stops_finishes_its_mail_and_leaves_the_others(world):
    for name in ("ada", "bob", "eve"):
        world.register(name)
    world.delivery.deliver(stopping=lambda: len(world.mailer.sent) == 1)

    assert len(world.mailer.sent) == 1
    assert world.delivery.deliver() == 2


def test_a_mail_about_a_change_names_the_client_that_made_it(world):
    ada, _ = world.register()
    world.accounts.rename(ada, "ada_l")
    world.emails.ask_to_change(ada, "new@example.org", GOOD_PASSWORD)
    world.passwords.forgot("ada@example.org", CLIENT)
    world.passwords.change(ada, GOOD_PASSWORD, "another horse battery")

    kinds = {"username_changed", "email_change_asked", "reset_password", "password_changed"}
    facts = [mail.facts for mail in world.waiting if mail.kind in kinds]
    assert len(facts) == 4
    assert all((told["device"], told["ip"]) == ("Unknown device", CLIENT.ip) for told in facts)


def test_a_mail_does_not_tell_the_address_of_the_operator(world, ada):
    world.passwords.send_reset(Operator(CLIENT), ada.id)

    assert set(world.waiting[-1].facts) == {"username", "token"}
