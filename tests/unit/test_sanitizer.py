import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.html import BleachSanitizer

plain = BleachSanitizer().plain


@pytest.mark.parametrize(
    "typed, seen",
    [
        ("Smith & Sons", "Smith & Sons"),
        ("a < b > c", "a < b > c"),
        ("<b>Smith</b> &amp; Sons", "Smith & Sons"),
        ("<script>alert(1)</script>Acme", "alert(1)Acme"),
        ("&lt;img src=x onerror=alert(1)&gt;Acme", "Acme"),
        ("&amp;amp;lt;b&amp;amp;gt;Acme", "Acme"),
        ("<a href='javascript:x'>Acme", "Acme"),
        ('It\'s "quoted"', 'It\'s "quoted"'),
    ],
)
def test_markup_is_removed_and_text_stays(typed, seen):
    assert plain(typed) == seen


@given(
    st.lists(st.sampled_from(["<", ">", "&", "amp;", "lt;", "b", "/", "script", " ", "é"]), max_size=12).map(
        "".join
    )
)
def test_sanitizing_twice_changes_nothing(typed):
    assert plain(plain(typed)) == plain(typed)
