"""Server text made safe to look at."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.text import shown


@given(st.text(st.characters(), max_size=200))
def test_nothing_hidden_is_left(text: str) -> None:
    assert not {unicodedata.category(char) for char in shown(text)} & {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def test_what_reorders_or_hides_is_spelled_out() -> None:
    assert shown("gpj\u202eexe") == "gpj⟨U+202E⟩exe"
    assert shown("a\u200bb\nc") == "a⟨U+200B⟩b⟨U+000A⟩c"
    assert shown("\ud800") == "⟨U+D800⟩"


def test_plain_text_is_left_alone() -> None:
    assert shown("Müller & Söhne <b>") == "Müller & Söhne <b>"


def test_long_text_is_cut() -> None:
    assert shown("a" * 3_000) == "a" * 1_999 + "…"
    assert shown("abcdef", max_length=4) == "abc…"
