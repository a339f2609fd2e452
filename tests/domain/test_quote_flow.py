"""The quote dialog's steps: which may follow which, and that nothing but the snapshot on screen is ever confirmed."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lumedesk.domain.movements import Verdict
from lumedesk.domain.quote_flow import RESULTS, QuoteFlow, State
from lumedesk.domain.quotes import Death, Quote, QuotePreferences, read_quote
from tests.support.builders import a_quote_request, a_raw_quote

AT = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
TICKS = 1_000.0
REQUEST = a_quote_request()


def quoted(request: Any = REQUEST, **fields: Any) -> Quote:
    return read_quote(a_raw_quote(round_trip_s=0, **fields), request, AT, TICKS)


def firm(flow: QuoteFlow | None = None, **fields: Any) -> QuoteFlow:
    asked = (flow or QuoteFlow(QuotePreferences())).asked(REQUEST)
    return asked.took(asked.number, quoted(**fields), TICKS, AT)


def at(seconds: float) -> tuple[float, datetime]:
    return TICKS + seconds, AT + timedelta(seconds=seconds)


def test_from_editing_to_confirming() -> None:
    flow = QuoteFlow(QuotePreferences())
    assert flow.state is State.EDITING
    asked = flow.asked(REQUEST)
    assert (asked.state, asked.quote) == (State.QUOTING, None)
    taken = asked.took(asked.number, quoted(), TICKS, AT)
    assert taken.state is State.FIRM
    assert taken.confirming(*at(5)).state is State.CONFIRMING


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.ACCEPTED, State.ACCEPTED),
        (Verdict.REFUSED, State.REJECTED),
        (Verdict.NOT_SENT, State.REJECTED),
        (Verdict.UNKNOWN, State.UNKNOWN),
    ],
)
def test_every_outcome_has_its_state(verdict: Verdict, state: State) -> None:
    flow = firm().confirming(*at(1)).answered(verdict)
    assert flow.state is state
    assert flow.quote is not None
    assert flow.can_ask is (state is State.REJECTED)
    assert not flow.can_edit


def test_an_expired_quote_is_not_confirmed() -> None:
    flow = firm().confirming(*at(15))
    assert (flow.state, flow.death) == (State.EXPIRED, Death.EXPIRED)
    moved = firm().confirming(TICKS + 5, AT + timedelta(seconds=500))
    assert (moved.state, moved.death) == (State.EXPIRED, Death.CLOCK_MOVED)


def test_an_answer_that_is_dead_on_arrival_is_never_firm() -> None:
    asked = QuoteFlow(QuotePreferences()).asked(REQUEST)
    assert asked.took(asked.number, quoted(), *at(15)).state is State.EXPIRED


def test_editing_destroys_the_quote_and_its_comparisons() -> None:
    flow = firm().edited()
    assert (flow.state, flow.quote, flow.previous) == (State.EDITING, None, None)


def test_late_answers_change_nothing() -> None:
    first = QuoteFlow(QuotePreferences()).asked(REQUEST)
    for later in (first.edited(), first.offline(), first.locked(), first.edited().asked(REQUEST)):
        assert later.took(first.number, quoted(), TICKS, AT) == later
        assert later.failed(first.number) == later
    another = a_quote_request(from_amount=Decimal(101))
    assert first.took(first.number, quoted(another, fromAmount=101), TICKS, AT) == first


def test_a_quote_with_a_problem_can_only_be_asked_for_again() -> None:
    flow = firm(quoteStr=None)
    assert (flow.state, flow.death) == (State.EXPIRED, None)
    assert flow.confirming(*at(1)) == flow
    assert flow.can_ask


def test_a_move_beyond_the_tolerance_has_to_be_acknowledged() -> None:
    expired = firm().at(*at(15))
    assert firm(expired, toAmount=1841).is_acknowledged
    far = firm(expired, toAmount=1860)
    assert not far.is_acknowledged
    assert far.confirming(*at(1)) == far
    assert far.acknowledged().confirming(*at(1)).state is State.CONFIRMING
    assert far.previous == expired.quote


def test_another_request_has_nothing_to_be_compared_with() -> None:
    expired = firm().at(*at(15))
    assert expired.asked(a_quote_request(from_amount=Decimal(7))).previous is None


def test_a_lock_or_a_lost_connection_drops_the_price_but_nothing_that_was_sent() -> None:
    for flow in (
        QuoteFlow(QuotePreferences()),
        firm(),
        firm().at(*at(15)),
        QuoteFlow(QuotePreferences()).asked(REQUEST),
    ):
        assert (flow.locked().state, flow.locked().quote) == (State.LOCKED, None)
        assert (flow.offline().state, flow.offline().quote) == (State.OFFLINE, None)
        assert flow.locked().unlocked().state is State.EDITING
        assert flow.offline().online().state is State.EDITING
        assert flow.locked().offline().online().state is State.LOCKED
    sending = firm().confirming(*at(1))
    for committed in (sending, sending.answered(Verdict.UNKNOWN), sending.answered(Verdict.ACCEPTED)):
        assert committed.locked() == committed.offline() == committed.edited() == committed


def test_refreshing_by_itself_is_off_by_default_and_bounded() -> None:
    assert not firm().at(*at(15)).can_refresh
    flow = QuoteFlow(QuotePreferences(auto_refresh=True, max_refreshes=3))
    asked = flow.asked(REQUEST)
    refreshed = 0
    while True:
        flow = asked.took(asked.number, quoted(), TICKS, AT).at(*at(15))
        if not flow.can_refresh:
            break
        asked = flow.asked(REQUEST, by_itself=True)
        refreshed += 1
    assert refreshed == 3
    assert flow.asked(REQUEST).took(flow.number + 1, quoted(), TICKS, AT).at(*at(15)).can_refresh


def test_a_quote_that_a_moved_clock_killed_is_not_refreshed_by_itself() -> None:
    flow = firm(QuoteFlow(QuotePreferences(auto_refresh=True))).died(Death.CLOCK_MOVED)
    assert not flow.can_refresh


def test_whatever_happens_only_the_living_snapshot_is_confirmed() -> None:
    dice = random.Random(3)
    confirmed = 0
    for _ in range(400):
        flow, seconds = QuoteFlow(QuotePreferences(auto_refresh=True)), 0.0
        pending: list[int] = []
        for _ in range(60):
            seconds += dice.choice([0, 0.1, 4])
            before = flow
            match dice.randrange(10):
                case 0 | 1 | 2:
                    flow = flow.asked(REQUEST, by_itself=dice.random() < 0.5)
                    pending.append(flow.number)
                case 3 | 4:
                    fresh = replace(
                        quoted(toAmount=1800 + dice.randrange(90)),
                        received_ticks=TICKS + seconds,
                        received_at=AT + timedelta(seconds=seconds),
                        deadline_ticks=TICKS + seconds + 8,
                    )
                    flow = flow.took(dice.choice(pending or [0]), fresh, *at(seconds))
                case 5:
                    flow = dice.choice([flow.edited, flow.offline, flow.online, flow.locked, flow.unlocked])()
                case 6:
                    flow = flow.acknowledged()
                case 7:
                    flow = flow.at(*at(seconds))
                case _:
                    flow = flow.confirming(*at(seconds))
            if flow.state is State.CONFIRMING:
                confirmed += 1
                assert before.state is State.FIRM
                assert flow.quote is before.quote
                assert flow.quote is not None
                assert flow.quote.may_confirm(*at(seconds))
                assert before.is_acknowledged
                break
            assert flow.state not in RESULTS
            assert (flow.quote is not None) <= (flow.state in (State.FIRM, State.EXPIRED))
    assert confirmed > 100
