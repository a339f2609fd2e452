"""Ten thousand confirmations through the real worker path, aimed at the moment a quote dies: none leaves late."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject

from lumedesk.domain.errors import DeskError
from lumedesk.domain.intents import State
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.quotes import Quote, QuoteOrder, QuoteRequest, RawQuote
from lumedesk.domain.records import Trade
from lumedesk.work.movements import Movements
from tests.support.builders import a_quote_request, a_raw_quote, a_trade

RACES = 10_000
EPOCH = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)


class TwoClocks:
    """A wall clock and a boot clock that can be moved apart."""

    def __init__(self) -> None:
        self.wall_s = self.boot_s = 0.0

    def pass_by(self, seconds: float) -> None:
        self.wall_s += seconds
        self.boot_s += seconds

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.wall_s)

    def ticks(self) -> float:
        return 1_000.0 + self.boot_s


class InstantEngine:
    """Carries out at once, on this thread, what the real one carries out on its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def submit(
        self,
        work: Coroutine[Any, Any, Any],
        owner: QObject,
        done: Callable[[Any], None],
        failed: Callable[[DeskError], None],
    ) -> None:
        try:
            done(self._loop.run_until_complete(work))
        except DeskError as error:
            failed(error)

    def on_ui(self, call: Callable[[], None]) -> None:
        call()

    def close(self) -> None:
        self._loop.close()


class SlowBooks:
    """Books without a disk, whose every commit takes as long as `stall` says."""

    refusal = ""
    can_start_anew = False
    intents: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.stall: Callable[[], None] = lambda: None
        self.states: list[State] = []
        self.journal = self

    def arm(self, arming: Any) -> Any:
        self.stall()
        return SimpleNamespace(uuid=arming.uuid, terms=arming.terms, state=State.ARMED)

    def move(self, uuid: str, state: State, step: Any) -> Any:
        self.stall()
        self.states.append(step.state)
        return SimpleNamespace(uuid=uuid, state=step.state)

    def bound_ids(self, but: str = "") -> frozenset[str]:
        return frozenset()

    def note(self, what: str, about: str, facts: Any) -> None:
        pass


class Server:
    """Answers quotes, slowly at times, and writes down when each confirmation left and what it said."""

    host = "race"
    key_fingerprint = "race"

    def __init__(self, clock: TwoClocks, dice: random.Random) -> None:
        self._clock = clock
        self._dice = dice
        self.left: list[tuple[QuoteOrder, float, float]] = []
        self.number = 0

    async def request_quote(self, request: QuoteRequest) -> RawQuote:
        self.number += 1
        # Mostly quick, and now and then an answer that comes when the quote is long dead.
        trip_s = self._dice.choices([0.05, 0.3, 1.2, 20.0], [48, 30, 20, 2])[0]
        self._clock.pass_by(trip_s)
        swing = Decimal(self._dice.randrange(100))
        return a_raw_quote(
            round_trip_s=trip_s,
            quoteStr=f"QT{self.number}",
            fromAmount=request.from_amount or Decimal(95) + swing / 10,
            toAmount=request.to_amount or Decimal(1_800) + swing,
            expiresIn=self._dice.uniform(2, 15),
        )

    async def confirm_quote(self, order: QuoteOrder) -> Trade:
        self.left.append((order, self._clock.boot_s, self._clock.wall_s))
        return a_trade(from_amount=order.from_amount, to_amount=order.to_amount)


class Race:
    """The real Movements between invented ends."""

    def __init__(self) -> None:
        self.dice = random.Random(5)
        self.clock = TwoClocks()
        self.server = Server(self.clock, self.dice)
        self.books = SlowBooks()
        self.engine = InstantEngine()
        self.owner = QObject()
        ground = SimpleNamespace(connected=lambda: self.server, alike=lambda _terms: [], refresh=lambda *_kinds: None)
        self.movements = Movements(self.engine, self.books, ground, self.clock, self.owner)  # type: ignore[arg-type]

    def quote(self, request: QuoteRequest) -> Quote:
        answers: list[Quote] = []
        self.movements.request_quote(request, self.owner, answers.append, answers.append)  # type: ignore[arg-type]
        return answers[0]

    def confirm(self, quote: Quote) -> Outcome:
        outcomes: list[Outcome] = []
        self.movements.confirm(quote, self.owner, outcomes.append)
        return outcomes[0]


@pytest.fixture
def race() -> Iterator[Race]:
    race = Race()
    yield race
    race.engine.close()


def test_none_leaves_after_the_deadline_and_all_say_what_was_shown(race: Race, qapp: object) -> None:
    dice, clock = race.dice, race.clock
    sent = stopped = 0
    for number in range(RACES):
        side = {"from_amount": Decimal(100)} if number % 2 else {"from_amount": None, "to_amount": Decimal(1_850)}
        race.books.stall = lambda: None
        quote = race.quote(a_quote_request(**side))
        shown = (quote.quote_str, quote.from_amount, quote.to_amount)
        received_boot_s, received_wall_s = clock.boot_s, clock.wall_s
        clock.pass_by(max(0.0, quote.remaining_s(clock.ticks()) + dice.uniform(-0.5, 0.2)))
        if number % 5 == 0:
            clock.wall_s += dice.choice([-3_600, -1.5, -0.5, 0.5, 1.5, 3_600])
        if number % 7 == 0:
            clock.wall_s += dice.uniform(1.2, 90)  # slept, on a boot clock that doesn't count it
        race.books.stall = lambda: clock.pass_by(dice.choice([0.0, 0.01, dice.uniform(0, 0.4)]))
        before = len(race.server.left)
        outcome = race.confirm(quote)
        if len(race.server.left) == before:
            stopped += 1
            assert outcome.verdict is Verdict.NOT_SENT
            continue
        sent += 1
        order, boot_s, wall_s = race.server.left[-1]
        assert len(race.server.left) == before + 1
        assert boot_s - received_boot_s < quote.life_s()
        assert wall_s - received_wall_s < quote.life_s()
        assert abs((wall_s - received_wall_s) - (boot_s - received_boot_s)) <= 1.0 + 1e-6
        assert race.books.states[-2:] == [State.SENDING, State.ACCEPTED]
        quote_str, paid, received = shown
        by_from = quote.request.from_amount is not None
        assert order == QuoteOrder(quote_str or "", "USDT", "ZAR", *((paid, None) if by_from else (None, received)))
    assert sent > RACES / 5
    assert stopped > RACES / 5
