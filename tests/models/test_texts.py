"""Short words for times, amounts and names."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from lumedesk.models.texts import ago, amount, digits, exact_time, local, short_time, words

NOW = datetime(2026, 5, 11, 14, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "Today 14:03"),
        (NOW - timedelta(hours=14), "Today 00:03"),
        (NOW - timedelta(hours=15), "Yesterday 23:03"),
        (NOW - timedelta(days=2), "9 May 14:03"),
        (NOW - timedelta(days=200), "23 Oct 2025"),
        (NOW + timedelta(days=1), "12 May 14:03"),
    ],
)
def test_a_time_reads_as_a_person_would_say_it(at: datetime, text: str) -> None:
    assert short_time(at, NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-100, "just now"),
        (4.9, "just now"),
        (5, "5 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (3_600, "1 h ago"),
        (86_399, "23 h ago"),
        (172_800, "2 d ago"),
    ],
)
def test_an_age_is_told_in_the_largest_fitting_unit(seconds: float, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_an_assumed_zone_is_said_so() -> None:
    assert "assumed" in str(exact_time("2026-05-11T10:15:35"))
    assert "assumed" not in str(exact_time("2026-05-11T10:15:35Z"))
    assert "2026-05-11 10:15:35 UTC" in str(exact_time("2026-05-11T12:15:35+02:00"))
    assert exact_time("soon") is None


def test_what_is_no_time_is_shown_as_it_came() -> None:
    assert (local("soon"), local(None), local("a\u202eb")) == ("soon", "–", "a⟨U+202E⟩b")


def test_nothing_is_a_dash_to_look_at_and_nothing_to_copy() -> None:
    assert (words(None), words(""), amount(None), digits(None)) == ("–", "–", "–", "")
    assert (amount(Decimal("-1234.50")), digits(Decimal("-1234.50"))) == ("-1,234.50", "-1234.50")
