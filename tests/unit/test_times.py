from datetime import timedelta

import pytest

from entrypoints.flask_app.page import age, ago
from tests.samples import NOON

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0, "just now"),
        (MINUTE - 1, "just now"),
        (MINUTE, "1 minute ago"),
        (2 * MINUTE, "2 minutes ago"),
        (HOUR - 1, "59 minutes ago"),
        (HOUR, "1 hour ago"),
        (DAY - 1, "23 hours ago"),
        (DAY, "1 day ago"),
        (30 * DAY - 1, "29 days ago"),
        (30 * DAY, "1 month ago"),
        (365 * DAY - 1, "12 months ago"),
        (365 * DAY, "1 year ago"),
        (800 * DAY, "2 years ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds, words):
    assert ago(seconds) == words


def test_an_age_is_counted_in_whole_seconds():
    assert age(NOON, NOON + timedelta(seconds=61.9)) == 61


def test_a_moment_in_the_future_is_now():
    assert age(NOON + timedelta(seconds=5), NOON) == 0
