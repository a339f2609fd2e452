"""Account numbers and addresses in groups of four."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.grouping import in_groups, is_code


@pytest.mark.parametrize(
    ("code", "grouped"),
    [
        ("62847719203", "6284 7719 203"),
        ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00"),
        ("0x1Db3439a222C519ab44bb1144fC28167b4Fa6EE6", "0x1D b343 9a22 2C51 9ab4 4bb1 144f C281 67b4 Fa6E E6"),
    ],
)
def test_codes_are_grouped(code: str, grouped: str) -> None:
    assert is_code(code)
    assert in_groups(code) == grouped


@pytest.mark.parametrize(
    "text",
    ["", None, "Bank of America", "BOFAUS3N", "20-00-00", "Standardbank", "１２３４５６７８９０", "12345678\u202e9"],
)
def test_words_and_short_codes_are_left_alone(text: str | None) -> None:
    assert not is_code(text)


@given(st.text())
def test_only_spaces_are_added(text: str) -> None:
    plain = text.replace(" ", "")
    assert in_groups(plain).replace(" ", "") == plain
