"""Saved filters on disk: sealed, exact, apart by history, and nothing lost that isn't understood."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lumedesk.domain.filters import FilterError, HistoryFilter
from lumedesk.domain.kinds import Kind
from lumedesk.store import private_file
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.private_file import NotWritable, read_json
from lumedesk.store.saved_filters import FiltersFile
from tests.support.keys import STORE_KEY

NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
MAY = (
    HistoryFilter()
    .with_values("status", ["COMPLETED", "REVERSED"])
    .with_days(date(2026, 5, 1), date(2026, 5, 31))
    .with_amount("amount", Decimal("0.10"), Decimal("12345678901234567890.123456789012345678"))
)
BTC = HistoryFilter().with_text("acme").with_values("currency", ["BTC"])


def test_without_a_file_nothing_is_saved(profile: ProfilePaths) -> None:
    file = FiltersFile(profile.filters, NOW)
    assert (dict(file.of(Kind.TRADES)), file.trouble) == ({}, "")
    assert not profile.filters.exists()


def test_filters_survive_a_restart_each_with_its_history(profile: ProfilePaths) -> None:
    file = FiltersFile(profile.filters, NOW, STORE_KEY)
    file.put(Kind.DEPOSITS, "May", MAY)
    file.put(Kind.DEPOSITS, "apples", BTC)
    file.put(Kind.WITHDRAWALS, "May", BTC)
    again = FiltersFile(profile.filters, NOW, STORE_KEY)
    assert list(again.of(Kind.DEPOSITS).items()) == [("apples", BTC), ("May", MAY)]
    assert list(again.of(Kind.WITHDRAWALS).items()) == [("May", BTC)]
    assert (dict(again.of(Kind.TRADES)), again.trouble) == ({}, "")
    assert profile.filters.stat().st_mode & 0o777 == 0o600
    assert b"acme" not in profile.filters.read_bytes()


def test_a_filter_is_replaced_and_removed(profile: ProfilePaths) -> None:
    file = FiltersFile(profile.filters, NOW)
    file.put(Kind.DEPOSITS, "May", MAY)
    file.put(Kind.DEPOSITS, " May ", BTC)
    assert dict(FiltersFile(profile.filters, NOW).of(Kind.DEPOSITS)) == {"May": BTC}
    file.remove(Kind.DEPOSITS, "May")
    file.remove(Kind.DEPOSITS, "never was")
    assert dict(FiltersFile(profile.filters, NOW).of(Kind.DEPOSITS)) == {}


def test_a_name_that_is_none_saves_nothing(profile: ProfilePaths) -> None:
    file = FiltersFile(profile.filters, NOW)
    with pytest.raises(FilterError):
        file.put(Kind.DEPOSITS, "  ", MAY)
    assert not profile.filters.exists()


def test_what_is_not_understood_is_said_and_kept(profile: ProfilePaths) -> None:
    strange = {"weekdays": ["MON"]}
    body = {"version": 1, "filters": {"deposits": {"May": {"text": "x"}, "Mondays": strange}, "swaps": {"All": {}}}}
    profile.filters.write_text(json.dumps(body))
    file = FiltersFile(profile.filters, NOW)
    assert list(file.of(Kind.DEPOSITS)) == ["May"]
    assert "“Mondays”" in file.trouble
    assert "“All”" in file.trouble
    file.put(Kind.DEPOSITS, "BTC", BTC)
    kept = read_json(profile.filters)["filters"]
    assert kept["deposits"]["Mondays"] == strange
    assert kept["swaps"] == {"All": {}}
    file.put(Kind.DEPOSITS, "Mondays", MAY)
    assert "“Mondays”" not in file.trouble
    again = FiltersFile(profile.filters, NOW)
    assert dict(again.of(Kind.DEPOSITS)) == {"BTC": BTC, "May": HistoryFilter("x"), "Mondays": MAY}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        "null!",
        '{"version": 0, "filters": {}}',
        '{"version": 1}',
        '{"version": 1, "filters": {"trades": []}}',
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside(profile: ProfilePaths, body: str) -> None:
    profile.filters.write_text(body)
    file = FiltersFile(profile.filters, NOW)
    assert "can't be read" in file.trouble
    [aside] = profile.folder.glob("*.unreadable")
    assert aside.read_text() == body
    file.put(Kind.TRADES, "x", HistoryFilter("x"))
    assert file.trouble == ""
    assert list(FiltersFile(profile.filters, NOW).of(Kind.TRADES)) == ["x"]


def test_a_file_sealed_with_another_key_is_set_aside(profile: ProfilePaths) -> None:
    FiltersFile(profile.filters, NOW).put(Kind.DEPOSITS, "May", MAY)
    file = FiltersFile(profile.filters, NOW, STORE_KEY)
    assert "another key" in file.trouble
    assert dict(file.of(Kind.DEPOSITS)) == {}


def test_a_newer_desks_filters_are_left_alone(profile: ProfilePaths) -> None:
    body = '{"version": 2, "filters": 7}'
    profile.filters.write_text(body)
    file = FiltersFile(profile.filters, NOW)
    assert "newer LumeDesk" in file.trouble
    for change in (lambda: file.put(Kind.TRADES, "x", BTC), lambda: file.remove(Kind.TRADES, "x")):
        with pytest.raises(NotWritable, match="newer LumeDesk"):
            change()
    assert profile.filters.read_text() == body


def test_what_cannot_be_read_or_set_aside_is_not_overwritten(
    profile: ProfilePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    profile.filters.write_text("{")
    monkeypatch.setattr(Path, "rename", fail)
    file = FiltersFile(profile.filters, NOW)
    assert "nor set aside" in file.trouble
    with pytest.raises(NotWritable):
        file.put(Kind.TRADES, "x", BTC)
    assert profile.filters.read_text() == "{"


def test_a_place_that_is_no_file_is_left_as_it_is(profile: ProfilePaths) -> None:
    profile.filters.mkdir()
    file = FiltersFile(profile.filters, NOW)
    assert "can't be read" in file.trouble
    with pytest.raises(NotWritable):
        file.put(Kind.TRADES, "x", BTC)
    assert profile.filters.is_dir()


def test_what_cannot_be_written_changes_nothing(profile: ProfilePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    file = FiltersFile(profile.filters, NOW)
    file.put(Kind.DEPOSITS, "May", MAY)
    with pytest.raises(NotWritable, match="half a character"):
        file.put(Kind.DEPOSITS, "May", HistoryFilter("\ud800"))

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_file.os, "fsync", fail)
    with pytest.raises(NotWritable, match="No space left"):
        file.put(Kind.DEPOSITS, "May", BTC)
    with pytest.raises(NotWritable, match="No space left"):
        file.remove(Kind.DEPOSITS, "May")
    assert dict(file.of(Kind.DEPOSITS)) == {"May": MAY}
    assert dict(FiltersFile(profile.filters, NOW).of(Kind.DEPOSITS)) == {"May": MAY}
