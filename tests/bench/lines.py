"""One line of the table: a figure of the desk's beside its yardstick from the same run, and whether the goal is met."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`ours`, `yardstick` and `ratio` as they are printed; `rounds` is how often ours was measured.

    `beside_rounds`: how often the yardstick was, where that is another number; 0 where it is the same, or there is none.
    """

    subject: str
    measured: str
    ours: str
    yardstick: str
    ratio: str
    goal: str
    is_met: bool
    rounds: int
    note: str = ""
    beside_rounds: int = 0


def faster(
    subject: str,
    measured: str,
    ours: Sequence[float],
    yardstick: Sequence[float],
    times: float,
    *,
    unit: str = "ms",
    note: str = "",
) -> Line:
    """The yardstick's median must be at least `times` ours."""
    ratio = median(yardstick) / median(ours) if median(ours) else float("inf")
    told = f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.2f} times"
    shown = (figure(median(ours), unit), figure(median(yardstick), unit), told, f"≥ {times:g} times")
    return Line(subject, measured, *shown, ratio >= times, len(ours), note, _other_rounds(ours, yardstick))


def within(
    subject: str,
    measured: str,
    ours: Sequence[float],
    yardstick: Sequence[float],
    most: float,
    *,
    unit: str = "ms",
    goal: str = "",
    note: str = "",
) -> Line:
    """Ours may be at most `most` times the yardstick's median."""
    ratio = median(ours) / median(yardstick) if median(yardstick) else float("inf")
    shown = (figure(median(ours), unit), figure(median(yardstick), unit), _part(ratio), goal or f"≤ {most:g} times")
    return Line(subject, measured, *shown, ratio <= most, len(ours), note, _other_rounds(ours, yardstick))


def at_most(
    subject: str,
    measured: str,
    ours: float,
    most: float,
    rounds: int,
    *,
    unit: str = "ms",
    yardstick: float | None = None,
    beside_rounds: int = 0,
    note: str = "",
) -> Line:
    """Our figure itself may be at most `most`; a yardstick stands beside it to be looked at."""
    beside = "" if yardstick is None else figure(yardstick, unit)
    ratio = "" if not yardstick else _part(ours / yardstick)
    shown = (figure(ours, unit), beside, ratio, f"≤ {most:g} {unit}")
    return Line(subject, measured, *shown, ours <= most, rounds, note, beside_rounds if beside_rounds != rounds else 0)


def exactly(
    subject: str, measured: str, ours: int, wanted: int, rounds: int, *, beside: str = "", note: str = ""
) -> Line:
    """Our count must be `wanted`."""
    return Line(subject, measured, f"{ours:,}", beside, "", f"{wanted:,}", ours == wanted, rounds, note)


def not_measured(subject: str, measured: str, goal: str, why: str) -> Line:
    """What could not be measured has not met its goal."""
    return Line(subject, measured, "not measured", "", "", goal, False, 0, why)


def _part(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"1/{1 / ratio:,.0f}" if ratio else "0"


def _other_rounds(ours: Sequence[float], yardstick: Sequence[float]) -> int:
    return 0 if len(ours) == len(yardstick) else len(yardstick)


def median(figures: Sequence[float]) -> float:
    """Errors: ValueError when there are none."""
    if not figures:
        raise ValueError("nothing was measured")
    return statistics.median(figures)


def percentile(figures: Sequence[float], share: float) -> float:
    """The smallest figure that at least `share` of all don't exceed. Errors: ValueError when there are none."""
    if not figures:
        raise ValueError("nothing was measured")
    ordered = sorted(figures)
    # Counted in whole figures, from 1: 0.99 of 100 is the 99th.
    place = -(-round(share * 1_000_000) * len(ordered) // 1_000_000)
    return ordered[max(place, 1) - 1]


def figure(value: float, unit: str) -> str:
    """A figure with as many digits as mean something."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
