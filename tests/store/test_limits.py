"""Local limits on disk: exact, private, and never lost without a word."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.store import private_file
from lumedesk.store.limits import LimitsFile
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.private_file import NotWritable

NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
SOME = Limits(
    {"ZAR": CurrencyLimits(Decimal("1000.50"), Decimal("1E+3"), None, Decimal("0.00000001"))},
    {"ben_1": Decimal("12345678901234567890.123456789012345678")},
    30,
)

amounts = st.builds(lambda units, places: Decimal(units).scaleb(-places), st.integers(1, 10**24), st.integers(0, 18))
some_limits = st.builds(
    Limits,
    st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda t: t.isprintable()),
        st.builds(CurrencyLimits, *[st.none() | amounts] * 4).filter(lambda each: not each.is_empty),
        max_size=3,
    ),
    st.dictionaries(st.text(max_size=5).filter(lambda t: t.isprintable()), amounts, max_size=3),
    st.integers(1, 90),
)


def test_without_a_file_nothing_is_limited(profile: ProfilePaths) -> None:
    file = LimitsFile(profile.limits, NOW)
    assert (file.limits, file.trouble) == (Limits(), "")
    assert not profile.limits.exists()


def test_limits_survive_a_restart_to_the_digit(profile: ProfilePaths) -> None:
    LimitsFile(profile.limits, NOW).save(SOME)
    file = LimitsFile(profile.limits, NOW)
    assert (file.limits, file.trouble) == (SOME, "")
    assert profile.limits.stat().st_mode & 0o777 == 0o600
    assert '"12345678901234567890.123456789012345678"' in profile.limits.read_text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(some_limits)
def test_any_limits_survive(tmp_path: Path, limits: Limits) -> None:
    LimitsFile(tmp_path / "limits.json", NOW).save(limits)
    assert LimitsFile(tmp_path / "limits.json", NOW).limits == limits


def altered(**changed: Any) -> str:
    return json.dumps({"version": 1, "repeat_days": 7, "currencies": {}, "beneficiaries": {}} | changed)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        "null!",
        altered(version=0),
        altered(repeat_days="7"),
        altered(repeat_days=True),
        altered(repeat_days=0),
        altered(more=1),
        altered(currencies=[]),
        altered(currencies={"ZAR": {"single": 5}}),
        altered(currencies={"ZAR": {"single": "-5"}}),
        altered(currencies={"ZAR": {"single": "0"}}),
        altered(currencies={"ZAR": {"single": "NaN"}}),
        altered(currencies={"ZAR": {"single": "1e5"}}),
        altered(currencies={"ZAR": {"single": "١٢"}}),
        altered(currencies={"ZAR": {"weekly": "5"}}),
        altered(beneficiaries={"ben_1": None}),
    ],
)
def test_what_cannot_be_read_is_set_aside_and_said_until_limits_are_set_anew(profile: ProfilePaths, body: str) -> None:
    profile.limits.write_text(body)
    file = LimitsFile(profile.limits, NOW)
    assert file.limits == Limits()
    assert "None are in force" in file.trouble
    [aside] = profile.folder.glob("*.unreadable")
    assert aside.read_text() == body
    again = LimitsFile(profile.limits, NOW)
    assert aside.name in again.trouble
    again.save(SOME)
    assert again.trouble == ""
    assert LimitsFile(profile.limits, NOW).trouble == ""
    assert aside.read_text() == body


def test_a_newer_desks_limits_are_left_alone(profile: ProfilePaths) -> None:
    profile.limits.write_text(altered(version=2, weekly={}))
    file = LimitsFile(profile.limits, NOW)
    assert "newer LumeDesk" in file.trouble
    with pytest.raises(NotWritable, match="Update this one"):
        file.save(SOME)
    assert profile.limits.read_text() == altered(version=2, weekly={})


def test_limits_that_cannot_be_set_aside_are_not_overwritten(
    profile: ProfilePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    profile.limits.write_text("{")
    monkeypatch.setattr(Path, "rename", fail)
    file = LimitsFile(profile.limits, NOW)
    assert "nor set aside" in file.trouble
    with pytest.raises(NotWritable):
        file.save(SOME)
    assert profile.limits.read_text() == "{"


def test_a_file_that_may_not_be_read_stays_where_it_is(profile: ProfilePaths) -> None:
    profile.limits.mkdir()
    file = LimitsFile(profile.limits, NOW)
    assert "can't be read" in file.trouble
    assert profile.limits.is_dir()


def test_limits_that_cannot_be_saved_stay_as_they_were(profile: ProfilePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LimitsFile(profile.limits, NOW)
    file.save(SOME)

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_file.os, "fsync", fail)
    with pytest.raises(NotWritable, match="No space left"):
        file.save(Limits())
    assert file.limits == SOME
    assert LimitsFile(profile.limits, NOW).limits == SOME
