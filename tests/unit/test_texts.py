import pytest

from domain.errors import Invalid
from domain.texts import acceptable_line
from tests.fakes import TagSanitizer

plain = TagSanitizer().plain


@pytest.mark.parametrize("unsafe_text", ["  <b>Smith</b> &\n Söhne ", "Smith & So\u0308hne"])
def test_a_text_becomes_one_line_without_markup(unsafe_text):
    assert acceptable_line("title", unsafe_text, 13, plain) == "Smith & Söhne"


@pytest.mark.parametrize("unsafe_text", ["", " \n ", "<b></b>"])
def test_only_an_optional_text_may_be_empty(unsafe_text):
    assert acceptable_line("title", unsafe_text, 10, plain, optional=True) == ""

    with pytest.raises(Invalid) as refused:
        acceptable_line("title", unsafe_text, 10, plain)
    assert refused.value.fields == {"title": ["Use 1 to 10 characters."]}


@pytest.mark.parametrize("optional, sentence", [(True, "Use at most 10"), (False, "Use 1 to 10")])
def test_a_text_that_is_too_long_is_refused(optional, sentence):
    assert acceptable_line("title", "x" * 10, 10, plain, optional) == "x" * 10

    with pytest.raises(Invalid) as refused:
        acceptable_line("title", "x" * 11, 10, plain, optional)
    assert refused.value.fields == {"title": [f"{sentence} characters."]}


@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize(
    "unsafe_text, sentence",
    [
        ("a\x07b", "This due note contains an invalid character."),
        ("a\u202eb", "This due note contains an invalid character."),
        ("\u200b", "Use at least one visible character."),
    ],
)
def test_a_text_with_a_hidden_character_is_refused(unsafe_text, sentence, optional):
    with pytest.raises(Invalid) as refused:
        acceptable_line("due_note", unsafe_text, 10, plain, optional)
    assert refused.value.fields == {"due_note": [sentence]}
