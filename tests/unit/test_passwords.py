from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.passwords import zxcvbn_strength
from domain.errors import Invalid
from domain.passwords import acceptable_password, normal_password

KNOWN = ["ada_lovelace", "ada.lovelace@analytical.example"]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "Tr0ub4dor&3 with more",
        "\u5bc6\u7801\u662f\u5f88\u957f\u7684\u4e00\u53e5\u8bdd",
        "x9$Lq2!v",
        "ada_lovelace x9$Lq2!v",
        " leading and trailing ",
        "horse staple " * 78,
        "a" * 30 + "x9$Lq2!vK3",
    ],
)
def test_a_password_that_is_hard_to_guess_is_accepted_unchanged(password):
    assert acceptable_password(password, KNOWN, zxcvbn_strength) == password


@pytest.mark.parametrize(
    "password, reason",
    [
        ("", "at least 8"),
        ("x9$Lq2!", "at least 8"),
        ("password", "easy to guess"),
        ("aaaaaaaaaaaa", "easy to guess"),
        ("12345678", "easy to guess"),
        ("ada_lovelace", "easy to guess"),
        ("ada_lovelace1", "easy to guess"),
        ("ada.lovelace@analytical.example", "easy to guess"),
        ("analytical.example", "easy to guess"),
        ("ada.lovelace@analytical.exampleada.lovelace@analytical.example", "easy to guess"),
        ("ADA_LOVELACE ada_lovelace", "made of your username"),
        ("ada_lovelace!Ada_Lovelace", "made of your username"),
        ("ada_lovelaceanalytical.example", "made of your username"),
        ("ada.lovelace+Analytical.example", "made of your username"),
        ("a" * 100, "easy to guess"),
        ("x" * 1025, "at most 1024"),
        ("\ufdfa" * 100, "at most 1024"),
        ("nul\0 in the middle", "invalid character"),
        ("lone \ud800 surrogate", "invalid character"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(password, reason):
    with pytest.raises(Invalid) as caught:
        acceptable_password(password, KNOWN, zxcvbn_strength)

    [sentence] = caught.value.fields["password"]
    assert reason in sentence


@given(st.text(max_size=50))
def test_normalizing_a_password_twice_changes_nothing(password):
    try:
        normal = normal_password(password)
    except Invalid:
        return
    assert normal_password(normal) == normal


def test_zxcvbn_rates_at_most_twenty_characters(monkeypatch):
    lengths = []

    def rate(password, user_inputs):
        lengths.append(len(password))
        return SimpleNamespace(score=0, feedback=None)

    monkeypatch.setattr("zxcvbn_rs_py.zxcvbn", rate)
    zxcvbn_strength("4@8({[</369&#!1/|0$5+7%2/" * 40, KNOWN)

    assert lengths == [20, 20]
