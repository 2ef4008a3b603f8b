import pytest

from domain.passwords import ProofNeeded, WrongPassword
from domain.sessions import PROOF_LASTS
from tests.samples import CLIENT, GOOD_PASSWORD


def test_the_password_is_a_proof(world, ada):
    world.reauthentication.prove(ada, GOOD_PASSWORD)
    assert world.rows("sessions")[0].proven(world.clock())


@pytest.mark.parametrize("password, error", [("", ProofNeeded), ("x", WrongPassword)])
def test_a_wrong_password_is_no_proof(world, ada, password, error):
    with pytest.raises(error):
        world.reauthentication.prove(ada, password)
    assert not world.rows("sessions")[0].proven(world.clock())


def test_a_proof_counts_for_ten_minutes_in_place_of_the_password(world, ada):
    with pytest.raises(ProofNeeded):
        world.emails.ask_to_change(ada, "new@example.org", "")
    world.reauthentication.prove(ada, GOOD_PASSWORD)
    proven = type(ada)(CLIENT, ada.user, world.rows("sessions")[0])
    world.emails.ask_to_change(proven, "new@example.org", "")
    with pytest.raises(WrongPassword):
        world.emails.ask_to_change(proven, "new@example.org", "wrong password")
    world.clock.advance(seconds=PROOF_LASTS.total_seconds())
    with pytest.raises(ProofNeeded):
        world.emails.ask_to_change(proven, "new@example.org", "")
