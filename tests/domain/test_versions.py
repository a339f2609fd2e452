"""The order of versions, as Semantic Versioning 2.0.0 has it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk import __version__
from lumedesk.domain.versions import Version

# Lowest first. The middle is the standard's own example (section 11).
RISING = [
    "0.0.0-0",
    "0.0.0",
    "0.1.0",
    "0.1.1",
    "0.2.0",
    "0.10.0",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0--",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "2.0.0-rc.1",
    "2.0.0",
    "10.0.0",
]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.combinations(RISING, 2)))
def test_versions_rise_as_the_standard_says(lower: str, higher: str) -> None:
    assert Version(lower) < Version(higher)
    assert Version(higher) > Version(lower)
    assert Version(lower) != Version(higher)


def test_what_stands_behind_a_plus_has_no_say() -> None:
    assert Version("1.0.0+1") == Version("1.0.0+exp.sha.5114f85") == Version("1.0.0")
    assert not Version("1.0.0+1") < Version("1.0.0+2")
    assert len({Version("1.0.0+1"), Version("1.0.0")}) == 1
    assert str(Version("1.0.0+1")) == "1.0.0+1"


def test_a_pre_release_says_so() -> None:
    assert Version("1.0.0-rc.1").is_early
    assert not Version("1.0.0+rc.1").is_early


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.02.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+", "1.2.3-a_b",
        "1.2.3\n", " 1.2.3", "1.2.3 ", "١.٢.٣", "1.2.-3", "1.2.3-ä", "1.2.9999999999", "1.2.3-" + "a" * 64,
    ],
)  # fmt: skip
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no version"):
        Version(text)


@given(st.text(alphabet="0123456789.-+aZ", max_size=70))
def test_any_text_is_a_version_or_refused(text: str) -> None:
    try:
        version = Version(text)
    except ValueError:
        return
    assert version == Version(version.text)
    assert version.text == text


def test_this_program_has_a_version_itself() -> None:
    assert Version(__version__) > Version("0.0.0")
