from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.mails import KEEP_DELIVERED, Backlog, MailKind
from domain.personal import exported
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_mail

LATER = NOON + timedelta(minutes=10)


def put(store, *mails):
    with store.transaction() as work:
        for mail in mails:
            work.mails.add(mail)
        work.commit()


def claim(store, now=NOON, until=LATER, limit=10):
    with store.transaction() as work:
        claimed = work.mails.claim(now, until, limit)
        work.commit()
    return claimed


def save(store, mail):
    with store.transaction() as work:
        work.mails.save(mail)
        work.commit()


def ids(mails):
    return [mail.id for mail in mails]


def test_due_mail_is_claimed_oldest_first(store):
    second = a_mail(facts={"username": "\u00e9\U0001f600'\"\\"})
    first = a_mail(next_try_at=NOON - timedelta(minutes=1))
    put(store, second, first, a_mail(next_try_at=LATER), a_mail(next_try_at=None))

    assert claim(store) == [first, second]


def test_claimed_mail_is_not_claimed_again_before_its_lease_ends(store):
    mail = a_mail()
    put(store, mail)
    claim(store)

    assert claim(store, LATER - timedelta(microseconds=1)) == []
    assert ids(claim(store, LATER)) == [mail.id]


def test_a_mail_is_stored_once(store):
    mail = a_mail()
    put(store, mail)

    with pytest.raises(Stale):
        put(store, a_mail(id=mail.id, recipient="other@example.org"))
    assert claim(store) == [mail]


def test_no_more_mail_is_claimed_than_the_limit(store):
    put(store, *(a_mail() for _ in range(3)))

    assert len(claim(store, limit=2)) == 2
    assert len(claim(store, limit=2)) == 1


def test_racing_deliveries_claim_different_mails(store):
    put(store, *(a_mail() for _ in range(40)))

    claimed = [mail.id for share in racing(lambda number: claim(store, limit=5)) for mail in share]
    assert len(claimed) == len(set(claimed))
    while more := claim(store):
        claimed += ids(more)
    assert len(set(claimed)) == 40


def test_the_outcome_of_a_try_is_stored(store):
    delivered, failed, parked = a_mail(), a_mail(), a_mail(created_at=NOON - timedelta(days=2))
    put(store, delivered, failed, parked)
    delivered.delivered(NOON)
    for mail in (failed, parked):
        mail.failed(NOON, "the mail server answered 451")
    for mail in (delivered, failed, parked):
        save(store, mail)

    with store.look() as stored:
        assert stored.mails.backlog() == Backlog(waiting=1, parked=1)
        assert stored.mails.undelivered(None, 10).items == [parked, failed]
    assert claim(store, LATER) == [failed]


def test_the_list_of_undelivered_mail_continues_at_the_cursor(store):
    put(store, *(a_mail() for _ in range(3)))

    with store.look() as stored:
        first = stored.mails.undelivered(None, 2)
        second = stored.mails.undelivered(first.next, 2)
    assert len({mail.id for mail in first.items + second.items}) == 3
    assert second.next is None


def test_only_waiting_mail_of_the_given_kinds_to_the_user_is_dropped(store):
    ada = uuid7()
    dropped = a_mail(user_id=ada, kind=MailKind.RESET_PASSWORD)
    other_kind = a_mail(user_id=ada, kind=MailKind.NEW_DEVICE)
    other_user = a_mail(user_id=uuid7(), kind=MailKind.RESET_PASSWORD)
    parked = a_mail(user_id=ada, kind=MailKind.RESET_PASSWORD, next_try_at=None, parked_at=NOON)
    delivered = a_mail(user_id=ada, kind=MailKind.VERIFY_EMAIL, next_try_at=None, delivered_at=NOON)
    put(store, dropped, other_kind, other_user, parked, delivered)
    with store.transaction() as work:
        work.mails.drop_waiting(ada, [MailKind.RESET_PASSWORD, MailKind.VERIFY_EMAIL])
        work.commit()

    with store.look() as stored:
        assert stored.mails.undelivered(None, 10).items == [parked, other_user, other_kind]
        assert len(stored.mails.exported(ada, None).items) == 3


def test_all_mail_to_a_user_is_exported_and_forgotten(store):
    ada = uuid7()
    sent, waiting, other = a_mail(user_id=ada), a_mail(user_id=ada, recipient="old@example.org"), a_mail()
    put(store, sent, waiting, other)
    sent.delivered(NOON)
    save(store, sent)
    with store.look() as stored:
        assert stored.mails.exported(ada, None).items == [exported(waiting), exported(sent)]
    with store.transaction() as work:
        work.mails.forget(ada)
        work.commit()

    assert claim(store) == [other]
    with store.look() as stored:
        assert stored.mails.exported(ada, None).items == []


def test_saving_a_deleted_mail_stores_nothing(store):
    save(store, a_mail())

    assert claim(store) == []


def test_delivered_mail_is_purged_in_batches(store):
    mails = [a_mail() for _ in range(4)]
    put(store, *mails, a_mail())
    for mail in mails:
        mail.delivered(NOON)
        save(store, mail)
    with store.transaction() as work:
        later = NOON + KEEP_DELIVERED
        assert work.mails.purge(later - timedelta(microseconds=1), 10) == 0
        assert [work.mails.purge(later, 3) for _ in range(3)] == [3, 1, 0]
        work.commit()

    assert len(claim(store)) == 1
