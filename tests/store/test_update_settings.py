"""The file that remembers what this user chose about updates, and the highest notice seen."""

import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.releases import Seen, read_notice
from lumedesk.domain.versions import Version
from lumedesk.store.private_file import NotWritable
from lumedesk.store.update_settings import (
    UpdateSettings,
    keep_asked,
    keep_daily,
    read_update_settings,
)
from tests.support.releases import NOW, PAGE_HOST, a_text, signed

NOTICE = read_notice(signed(a_text()), PAGE_HOST)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "updates.json"


def test_without_a_file_nothing_is_asked_by_itself(path: Path) -> None:
    assert read_update_settings(path) == UpdateSettings()
    assert UpdateSettings().is_daily is False


def test_what_was_saved_comes_back(path: Path) -> None:
    assert keep_daily(path, is_daily=True, at=NOW).is_daily
    kept = keep_asked(path, NOW, NOTICE)
    assert kept == UpdateSettings(True, Seen(7, Version("0.2.0")), NOW, NOW, NOW)
    assert read_update_settings(path) == kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_since_when_it_is_asked_daily_is_kept_until_it_is_not(path: Path) -> None:
    later = NOW + timedelta(days=3)
    keep_daily(path, is_daily=True, at=NOW)
    assert keep_daily(path, is_daily=True, at=later).daily_since == NOW
    assert keep_daily(path, is_daily=False, at=later).daily_since is None
    keep_daily(path, is_daily=True, at=later)
    assert read_update_settings(path).daily_since == later


def test_an_answer_that_was_no_good_is_noted_as_no_more_than_that(path: Path) -> None:
    kept = keep_asked(path, NOW, NOTICE)
    later = NOW + timedelta(days=1)
    assert keep_asked(path, later, None) == replace(kept, asked_at=later)


def test_what_was_seen_never_goes_down(path: Path) -> None:
    keep_asked(path, NOW, NOTICE)
    older = read_notice(signed(a_text(serial=3, version="0.1.5")), PAGE_HOST)
    assert keep_asked(path, NOW, older).seen == Seen(7, Version("0.2.0"))
    assert keep_daily(path, is_daily=False, at=NOW).seen == Seen(7, Version("0.2.0"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "\0" * 50,
        '{"daily": "true", "serial": "7", "release": 2}',
        '{"daily": 1, "serial": -1, "release": "x"}',
        '{"daily": true, "daily": true}',
        '{"serial": true, "asked_at": 5, "heard_at": "yesterday"}',
    ],
)
def test_a_corrupt_file_falls_back_on_never_asking_and_can_be_written_anew(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    assert read_update_settings(path) == UpdateSettings()
    assert keep_daily(path, is_daily=True, at=NOW) == UpdateSettings(is_daily=True, daily_since=NOW)
    assert read_update_settings(path) == UpdateSettings(is_daily=True, daily_since=NOW)


def test_one_bad_value_doesnt_take_the_others_along(path: Path) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    keep_asked(path, NOW, NOTICE)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"asked_at": "soon"}))
    read = read_update_settings(path)
    assert (read.is_daily, read.seen.serial, read.asked_at, read.heard_at) == (True, 7, None, NOW)


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
)


@given(
    saved=st.dictionaries(st.sampled_from(["daily", "serial", "release", "asked_at", "heard_at", "daily_since"]), _JSON)
)
def test_no_content_is_an_error(tmp_path_factory: pytest.TempPathFactory, saved: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("settings") / "updates.json"
    path.write_text(json.dumps(saved))
    read = read_update_settings(path)
    assert isinstance(read.is_daily, bool)
    assert isinstance(read.seen.serial, int)


def test_what_a_later_lumedesk_wrote_is_read_but_not_written_over(path: Path) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    written = json.dumps(json.loads(path.read_text()) | {"version": 2, "more": "x"})
    path.write_text(written)
    assert read_update_settings(path).is_daily
    with pytest.raises(NotWritable, match="newer LumeDesk"):
        keep_daily(path, is_daily=False, at=NOW)
    assert path.read_text() == written


def test_a_place_that_cannot_be_written_is_told(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(NotWritable, match=r"updates\.json can't be written"):
        keep_daily(path, is_daily=True, at=NOW)
