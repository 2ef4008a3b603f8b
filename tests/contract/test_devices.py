import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.personal import exported
from tests.samples import a_device, a_user


@pytest.fixture
def user(store):
    user = a_user()
    with store.transaction() as work:
        work.users.add(user)
        work.commit()
    return user


def add(store, *devices):
    with store.transaction() as work:
        for device in devices:
            work.devices.add(device)
        work.commit()


def test_the_devices_of_a_user_are_known_and_exported_by_name(store, user):
    phone, laptop = a_device(user.id, "Safari on iPhone"), a_device(user.id, "Firefox on Linux")
    add(store, phone, laptop)

    with store.look() as stored:
        assert stored.devices.of(user.id) == {"Safari on iPhone", "Firefox on Linux"}
        assert stored.devices.of(uuid7()) == set()
        assert stored.devices.exported(user.id, None).items == [exported(laptop), exported(phone)]


def test_a_device_is_stored_once_for_each_user_and_needs_its_user(store, user):
    eve = a_user("eve@example.org")
    with store.transaction() as work:
        work.users.add(eve)
        work.commit()
    add(store, a_device(user.id), a_device(eve.id), a_device(eve.id, "firefox on linux"))

    for device in (a_device(user.id), a_device(uuid7())):
        with pytest.raises(Stale):
            add(store, device)


def test_devices_are_forgotten_with_their_user_only(store, user):
    eve = a_user("eve@example.org")
    with store.transaction() as work:
        work.users.add(eve)
        work.commit()
    add(store, a_device(user.id), a_device(eve.id))
    with store.transaction() as work:
        work.devices.forget(user.id)
        work.devices.forget(uuid7())
        work.commit()
    with store.look() as stored:
        assert (stored.devices.of(user.id), stored.devices.of(eve.id)) == (set(), {"Firefox on Linux"})

    with store.transaction() as work:
        work.users.forget(eve.id)
        work.commit()
    with store.look() as stored:
        assert stored.devices.of(eve.id) == set()
