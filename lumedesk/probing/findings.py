"""What a check of the program by itself says."""

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """How a check came out. A note is no failure: this computer lacks something, or something is worth knowing."""

    OK = "ok"
    NOTE = "note"
    FAILED = "FAILED"


class Finding(NamedTuple):
    """One line of the report: which part, and what was found, in words."""

    state: State
    what: str
    words: str


class Failed(Exception):
    """The part doesn't work; the text says what is wrong."""


def ok(what: str, words: str) -> Finding:
    """Make the finding of a part that works."""
    return Finding(State.OK, what, words)


def note(what: str, words: str) -> Finding:
    """Make a finding that is no failure."""
    return Finding(State.NOTE, what, words)
