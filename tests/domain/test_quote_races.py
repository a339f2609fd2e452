"""Thousands of confirmations aimed at the moment a quote dies, with wrong clocks, sleep and slow lines: none is late."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lumedesk.domain.quotes import SAFETY_MARGIN_S, Quote, RawQuote, read_quote
from tests.support.builders import a_quote_request

RACES = 12_000
EPOCH = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
SHAPES = ("ttl", "milliseconds", "expires_at", "epoch", "with_creation", "none")


@dataclass
class World:
    """True time, and what the computer's two clocks make of it. The server's clock is wrong in its own way."""

    true_s: float = 0.0
    wall_moved_s: float = 0.0
    unslept_s: float = 0.0
    boot_counts_sleep: bool = True

    def pass_by(self, seconds: float) -> None:
        self.true_s += seconds

    def sleep(self, seconds: float) -> None:
        self.true_s += seconds
        if not self.boot_counts_sleep:
            self.unslept_s += seconds

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.true_s + self.wall_moved_s)

    def ticks(self) -> float:
        return 5_000.0 + self.true_s - self.unslept_s


def answered(dice: random.Random, shape: str, made_s: float, life_s: float, trip_s: float) -> RawQuote:
    """What a server says that made a quote at `made_s`, true time, for `life_s` seconds."""
    server = EPOCH + timedelta(seconds=made_s + dice.choice([0, 0, 7, -3_600, 86_400]))
    end = server + timedelta(seconds=life_s)
    fields: dict[str, Any] = {"quoteStr": "QT1", "fromAmount": 100, "toAmount": 1840}
    fields |= {
        "ttl": {"expiresIn": str(life_s)},
        "milliseconds": {"expiresInMs": int(life_s * 1000)},
        "expires_at": {"expiresAt": end.isoformat()},
        "epoch": {"expiresAt": int(end.timestamp() * 1000)},
        "with_creation": {"createdAt": server.isoformat(), "expiresAt": end.isoformat()},
        "none": {},
    }[shape]
    return RawQuote(fields, server.replace(microsecond=0), trip_s)


def near_the_end(dice: random.Random, world: World, quote: Quote) -> None:
    """Let time pass to somewhere about the deadline, now and then in a dream or with a hand on the clock."""
    left_s = quote.remaining_s(world.ticks())
    wait_s = max(0.0, left_s + dice.choice([dice.uniform(-0.01, 0.01), dice.uniform(-1.5, 1.5), dice.uniform(-9, 9)]))
    match dice.randrange(4):
        case 0:
            slept_s = dice.uniform(0, wait_s)
            world.pass_by(wait_s - slept_s)
            world.sleep(slept_s)
        case 1:
            world.pass_by(wait_s)
            world.wall_moved_s += dice.choice([-3_600, -2, -0.9, 0.9, 2, 3_600])
        case _:
            world.pass_by(wait_s)


@pytest.mark.parametrize("boot_counts_sleep", [True, False])
def test_no_confirmation_leaves_after_the_deadline(boot_counts_sleep: bool) -> None:
    dice = random.Random(18 + boot_counts_sleep)
    sent = too_late = 0
    for race in range(RACES):
        world = World(true_s=dice.random(), boot_counts_sleep=boot_counts_sleep)
        life_s = round(dice.uniform(2, 20), 3)
        there_s, back_s = dice.uniform(0, 0.8), dice.uniform(0, 0.8)
        began = world.ticks()
        world.pass_by(there_s)
        made_s = world.true_s
        world.pass_by(back_s)
        shape = SHAPES[race % len(SHAPES)]
        raw = answered(dice, shape, made_s, life_s, there_s + back_s)
        quote = read_quote(raw, a_quote_request(), world.now(), world.ticks(), sent_ticks=began)
        assert quote.problem is None
        near_the_end(dice, world, quote)
        # The click; then the way to the worker and the journal's commit, which may take long or sleep.
        if not quote.is_alive(world):
            too_late += 1
            continue
        world.pass_by(dice.choice([0.0, dice.uniform(0, 0.02), dice.uniform(0, 3)]))
        if dice.random() < 0.1:
            world.sleep(dice.uniform(0, 30))
        if not quote.is_alive(world):
            too_late += 1
            continue
        sent += 1
        assert world.ticks() < quote.deadline_ticks
        if shape != "none":
            # A clock that doesn't count sleep may miss up to the second by which the two may disagree.
            slack_s = 0.0 if boot_counts_sleep else 1.0
            assert world.true_s <= made_s + life_s - SAFETY_MARGIN_S + slack_s + 1e-6
    assert sent > RACES / 8
    assert too_late > RACES / 8
