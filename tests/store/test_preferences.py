"""The file that holds how an operator likes quotes."""

import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.quotes import QuotePreferences
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.preferences import read_preferences, write_preferences

OTHER = QuotePreferences(
    hold_from=Decimal("2500.50"),
    hold_from_by_currency={"BTC": Decimal("0.00000001")},
    two_step=True,
    auto_refresh=True,
    max_refreshes=7,
    tolerance_bp=Decimal(40),
    assumed_life_s=5.0,
)


def test_what_was_saved_comes_back_to_the_digit(profile: ProfilePaths) -> None:
    write_preferences(profile.preferences, OTHER)
    assert read_preferences(profile.preferences) == OTHER
    assert str(read_preferences(profile.preferences).hold_from) == "2500.50"
    assert stat.S_IMODE(profile.preferences.stat().st_mode) == 0o600


def test_without_a_file_the_defaults_hold(profile: ProfilePaths) -> None:
    assert read_preferences(profile.preferences) == QuotePreferences()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"hold_from": "NaN"}', '{"hold_from": true}', '{"max_refreshes": "20.5"}', '{"x": "1"}'],
)
def test_what_is_unreadable_falls_back_on_the_defaults(profile: ProfilePaths, text: str) -> None:
    profile.preferences.write_text(text)
    assert read_preferences(profile.preferences) == QuotePreferences()


_JSON: Any = st.recursive(st.none() | st.booleans() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3))


@given(saved=st.dictionaries(st.sampled_from([*QuotePreferences.__struct_fields__, "other"]), _JSON))
def test_no_content_is_an_error(tmp_path_factory: pytest.TempPathFactory, saved: dict[str, Any]) -> None:
    import json

    path: Path = tmp_path_factory.mktemp("preferences") / "preferences.json"
    path.write_text(json.dumps(saved))
    read = read_preferences(path)
    assert isinstance(read.hold_from, Decimal)
    assert isinstance(read.auto_refresh, bool)
    assert isinstance(read.max_refreshes, int)
