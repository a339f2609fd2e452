"""Version numbers and their order, by the rules of Semantic Versioning 2.0.0. Nothing about where versions come from."""

import re
from functools import total_ordering

_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_STEP = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD = r"[0-9A-Za-z-]+"
_VERSION = re.compile(
    rf"(?P<core>{_NUMBER}\.{_NUMBER}\.{_NUMBER})(?:-(?P<early>{_STEP}(?:\.{_STEP})*))?(?:\+{_BUILD}(?:\.{_BUILD})*)?"
)
_MAX_LENGTH = 64


@total_ordering
class Version:
    """One version. A pre-release comes before its release; what stands behind a + has no say in the order."""

    def __init__(self, text: str) -> None:
        """Errors: ValueError for anything that isn't written as 1.2.3, 1.2.3-rc.1 or 1.2.3+build."""
        match = _VERSION.fullmatch(text) if len(text) <= _MAX_LENGTH else None
        if match is None:
            raise ValueError(f"{text[:_MAX_LENGTH]!r} is no version")
        self.text = text
        early = match["early"]
        self.is_early = early is not None
        steps = tuple(map(_step, early.split("."))) if early is not None else ()
        self._order = (tuple(map(int, match["core"].split("."))), not self.is_early, steps)

    def __eq__(self, other: object) -> bool:
        return self._order == other._order if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: "Version") -> bool:
        return self._order < other._order

    def __hash__(self) -> int:
        return hash(self._order)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


def _step(text: str) -> tuple[bool, int, str]:
    """Numbers are ordered as numbers, and before words."""
    return (False, int(text), "") if text.isdigit() else (True, 0, text)
