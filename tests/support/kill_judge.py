"""What must be true after a kill and the starts that follow it, and the count of what wasn't. No processes here."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

DUPLICATE = "sent or executed more than once"
RESENT = "sent again by a recovery"
LOST = "lost from the journal"
DENIED = "executed, but NOT SENT"
DIFFERS = "a second recovery differs"
DISTRUSTED = "the books aren't trusted"
UNRECOVERED = "still ARMED or SENDING"
UNFOUND = "executed, but not found by the lists"
INVENTED = "not executed, but found"
UNAUDITED = "a step is missing in the audit log"
MISSED = "the child wasn't killed there"
BROKEN = "a child failed"


class Child(Protocol):
    """How a child ended."""

    code: int
    is_stuck: bool
    said: tuple[str, ...]

    @property
    def was_killed(self) -> bool: ...

    def told(self, word: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Counted by the sandbox when the child was dead and at the end; and the children: killed, killed again, recovered."""

    posts: int
    executed: frozenset[str]
    posts_at_end: int
    executed_at_end: frozenset[str]
    victim: Child
    interrupted: Child | None
    recovered: Child

    @property
    def found(self) -> list[dict[str, Any]]:
        """What the books held after each of the starts that came through."""
        return [json.loads(told) for told in self.recovered.told("found")]

    @property
    def state(self) -> str:
        intents = self.found[0]["intents"] if self.found else []
        return str(intents[0]["state"]) if intents else "no intent"


@dataclass(frozen=True, slots=True)
class Run:
    """One run, judged."""

    order: str
    point: str
    facts: Facts
    wrongs: tuple[str, ...]


def judged(facts: Facts, *, must_die: bool = True) -> list[str]:
    """Everything that is wrong with a run; empty when all is well."""
    wrongs = _of_children(facts, must_die)
    if facts.posts_at_end > 1 or len(facts.executed_at_end) > 1:
        wrongs.append(DUPLICATE)
    if (facts.posts, facts.executed) != (facts.posts_at_end, facts.executed_at_end):
        wrongs.append(RESENT)
    if len(facts.found) < 2:
        return [*wrongs, BROKEN] if BROKEN not in wrongs else wrongs
    found, again = facts.found
    if found["refusal"]:
        # Nothing is read from books that aren't trusted.
        return [*wrongs, DISTRUSTED]
    if found != again:
        wrongs.append(DIFFERS)
    intents = found["intents"]
    if not intents:
        if facts.victim.told("armed") or facts.posts or facts.executed:
            wrongs.append(LOST)
        return wrongs
    wrongs += _of_intent(intents[0], facts.executed)
    if len(intents) > 1:
        wrongs.append(DUPLICATE)
    if _unaudited(intents[0], found["audit"]):
        wrongs.append(UNAUDITED)
    return wrongs


def _of_children(facts: Facts, must_die: bool) -> list[str]:
    children = [child for child in (facts.victim, facts.interrupted, facts.recovered) if child is not None]
    wrongs = []
    if must_die and not facts.victim.was_killed:
        wrongs.append(MISSED)
    if any(child.is_stuck or child.told("trace") for child in children):
        wrongs.append(BROKEN)
    return wrongs


def _of_intent(intent: dict[str, Any], executed: frozenset[str]) -> list[str]:
    state = intent["state"]
    if state in ("armed", "sending"):
        return [UNRECOVERED]
    if not executed:
        return [INVENTED] if state in ("accepted", "likely", "ambiguous") else []
    if state in ("not sent", "not received"):
        return [DENIED]
    named = {intent["id"]} if state == "accepted" else set(intent["candidates"])
    return [] if state in ("accepted", "likely") and named == executed else [UNFOUND]


def _unaudited(intent: dict[str, Any], audit: list[Any]) -> bool:
    told = {what for _, what, about in audit if about == intent["uuid"]}
    if "armed" not in told:
        return True
    for state, ground in intent["steps"][1:]:
        if state != "sending" and (("recovered" if ground == "recovery" else state) not in told):
            return True
    return False


# Counting


@dataclass(slots=True)
class Tally:
    """All runs at one point."""

    runs: int = 0
    recoveries_killed: int = 0
    wrongs: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def add(self, run: Run) -> None:
        self.runs += 1
        self.wrongs.update(run.wrongs)
        self.states[run.facts.state] += 1
        self.recoveries_killed += run.facts.interrupted is not None and run.facts.interrupted.was_killed


def tallies(runs: Iterable[Run]) -> dict[tuple[str, str], Tally]:
    """By order and point, in the order of their first run."""
    found: dict[tuple[str, str], Tally] = {}
    for run in runs:
        found.setdefault((run.order, run.point), Tally()).add(run)
    return found


def table(counted: dict[tuple[str, str], Tally]) -> str:
    """For people: one line for each order and point, and a line of sums."""
    lines = [_line("killed", "runs", "dup.", "lost", "denied", "other", "states reached")]
    total = Tally()
    for order in dict.fromkeys(order for order, _ in counted):
        lines += ["", order]
        for (_, point), tally in ((key, tally) for key, tally in counted.items() if key[0] == order):
            lines.append(_told(point, tally))
            total.runs += tally.runs
            total.recoveries_killed += tally.recoveries_killed
            total.wrongs.update(tally.wrongs)
            total.states.update(tally.states)
    lines += ["", _told("all", total), f"  killed again while recovering: {total.recoveries_killed:,}"]
    lines += [f"  {wrong}: {count:,}" for wrong, count in sorted(total.wrongs.items())]
    return "\n".join(lines)


def _told(point: str, tally: Tally) -> str:
    wrongs = tally.wrongs
    known = (wrongs[DUPLICATE] + wrongs[RESENT], wrongs[LOST], wrongs[DENIED])
    states = ", ".join(f"{state} {count:,}" for state, count in tally.states.most_common())
    return _line(f"  {point}", f"{tally.runs:,}", *map(str, known), str(wrongs.total() - sum(known)), states)


def _line(point: str, runs: str, duplicates: str, lost: str, denied: str, other: str, states: str) -> str:
    return f"{point:60} {runs:>7} {duplicates:>5} {lost:>5} {denied:>7} {other:>6}  {states}".rstrip()
