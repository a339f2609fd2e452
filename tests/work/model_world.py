"""Two desks on one pair of files, a model server, colleagues, crashes and clocks: each method is one transition."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.intents import UNDECIDED, ConfirmationTerms, Terms, WithdrawalTerms, likeness_of
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import fixed
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.quotes import Quote, read_quote
from lumedesk.work.books import Books
from lumedesk.work.movements import TooLate, _trade_problem
from lumedesk.work.sending import Parcel, Sender
from lumedesk.work.watching import DecisionRefused, Watcher
from tests.support.builders import a_quote_request, a_raw_quote
from tests.support.keys import STORE_KEY
from tests.work.model_crash import Bomb, Crash, MovedClock
from tests.work.model_server import Line, ModelServer, Plan
from tests.work.model_witness import Witness

AMOUNTS = ("10.00", "10.0", "10", "25.50", "0.00000001", "123456789012345678.90")
KINDS = (Kind.WITHDRAWALS, Kind.TRADES)


@dataclass
class Given:
    """An order as its dialog holds it."""

    parcel: Parcel
    plan: Plan
    quote: Quote | None = None


@dataclass
class Seat:
    """One instance of the desk."""

    books: Books
    sender: Sender
    watcher: Watcher
    mirror: dict[Kind, list[Any]]
    key: str = "key1"
    flights: dict[str, Coroutine[Any, Any, Outcome]] = field(default_factory=dict)


class World:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock = MovedClock()
        self.bomb = Bomb(patch, self.clock)
        self.server = ModelServer()
        self._paths = folder / "a" / "journal.sqlite", folder / "a" / "audit.sqlite"
        self._heads = folder / "heads" / "journal.json", folder / "heads" / "audit.json"
        self.witness = Witness(*self._paths)
        self.given: list[Given] = []
        self.transitions = 0
        self.reached: set[str] = set()
        self._gone: list[Any] = []
        self._may_owe_audit = False
        self.seats: list[Seat | None] = [None, None]
        self._key = "key1"
        self._seat(0)

    def close(self) -> None:
        for seat in self.seats:
            if seat is not None:
                self._drop(seat)
        for books in self._gone:
            books.close()
        self.witness.close()

    # Transitions: each takes whole numbers, whatever their size

    def withdraw(self, at: int, payee: int, amount: int, plan: Plan) -> None:
        details = {"account": f"1234567{payee % 2}", "fee": Decimal("1.5")}
        digits = Decimal(AMOUNTS[amount % len(AMOUNTS)])
        terms = WithdrawalTerms(f"ben_{payee % 2}", "Payee", details, "ZAR", digits)
        seat = self._seat(at)
        if seat is not None:
            with _Step(self, at):
                self._poll(seat, Kind.WITHDRAWALS)
            self._give(at, Given(self._parcel(seat, f"w{len(self.given)}", terms, plan), plan))

    def confirm(self, at: int, amount: int, plan: Plan, *, again: bool) -> None:
        earlier = [each for each in self.given if each.quote is not None]
        seat = self._seat(at)
        if seat is None:
            return
        if again and earlier:
            old = earlier[amount % len(earlier)]
            # The same quote from another dialog: another uuid, one quoteStr.
            parcel = self._parcel(seat, f"c{len(self.given)}", old.parcel.terms, plan, old.quote)
            self._give(at, Given(parcel, plan, old.quote))
            return
        asked = Decimal(AMOUNTS[amount % len(AMOUNTS)])
        raw = a_raw_quote(quoteStr=f"Q{len(self.given)}", fromAmount=asked, toAmount=18 * asked)
        request = a_quote_request(from_amount=asked)
        quote = read_quote(raw, request, self.clock.now(), self.clock.ticks())
        assert quote.quote_str
        assert quote.from_amount is not None and quote.to_amount is not None  # noqa: PT018 - for the types
        terms = ConfirmationTerms(quote.quote_str, "USDT", "ZAR", quote.from_amount, quote.to_amount, by_from=True)
        self._give(at, Given(self._parcel(seat, f"c{len(self.given)}", terms, plan, quote), plan, quote))

    def click_again(self, at: int, which: int) -> None:
        """The very same order once more, from either desk."""
        known = [each for each in self.given if each.parcel.uuid in self.witness.intents]
        if not known:
            return
        with _Step(self, at):
            seat = self._seat(at)
            if seat is not None:
                flight = seat.sender.carry(known[which % len(known)].parcel)
                with pytest.raises(StopIteration) as ended:
                    flight.send(None)
                assert ended.value.value.verdict is Verdict.NOT_SENT, "I11: a double click sends nothing"

    def answer(self, at: int, which: int) -> None:
        """A late answer arrives, also at a desk that sends no more."""
        seat = self.seats[at % 2]
        if seat is not None and seat.flights:
            uuid = sorted(seat.flights)[which % len(seat.flights)]
            with _Step(self, at):
                self._go_on(seat, uuid, seat.flights.pop(uuid))

    def cancel(self, at: int, which: int) -> None:
        """The desk gives up waiting: unknown."""
        seat = self.seats[at % 2]
        if seat is not None and seat.flights:
            uuid = sorted(seat.flights)[which % len(seat.flights)]
            with _Step(self, at):
                self._give_up(seat, uuid)

    def poll(self, at: int, kind: int) -> None:
        with _Step(self, at):
            seat = self._seat(at)
            if seat is not None:
                self._poll(seat, KINDS[kind % 2])
                self._check_found(seat, KINDS[kind % 2])

    def colleague(self, which: int, *, visible: bool, masked: bool) -> None:
        """Somebody else makes an order just like one of ours."""
        if self.given:
            terms = self.given[which % len(self.given)].parcel.terms
            self.server.execute(terms, None, visible=visible, masked=masked)

    def show(self, which: int) -> None:
        hidden = [row for row in self.server.listed if not row.visible]
        if hidden:
            hidden[which % len(hidden)].visible = True

    def hide(self, which: int) -> None:
        if self.server.listed:
            self.server.listed[which % len(self.server.listed)].visible = False

    def act(self, which: int) -> None:
        """The server gets round to an order that it took in."""
        if self.server.waiting:
            self.server.act(sorted(self.server.waiting)[which % len(self.server.waiting)])

    def decide(self, at: int, which: int, candidate: int, *, accept: bool) -> None:
        with _Step(self, at):
            seat = self._seat(at)
            undecided = [] if seat is None else [each for each in seat.books.intents if each.state in UNDECIDED]
            if seat is None or not undecided:
                return
            intent = undecided[which % len(undecided)]
            candidates = intent.steps[-1].candidates
            try:
                if accept:
                    seat.watcher.accept(intent.uuid, candidates[candidate % len(candidates)] if candidates else "", "")
                else:
                    seat.watcher.give_up(intent.uuid, "they told me")
            except DecisionRefused:
                pass

    def crash(self, at: int) -> None:
        seat = self.seats[at % 2]
        if seat is not None:
            self._drop(seat)
            self.seats[at % 2] = None

    def restart(self, at: int) -> None:
        """Quit in good order, and open again."""
        seat = self.seats[at % 2]
        with _Step(self, at):
            if seat is not None:
                for uuid in sorted(seat.flights):
                    self._give_up(seat, uuid)
                seat.books.close()
                self.seats[at % 2] = None
        self._seat(at)

    def bombed(self, fuse: int, place: int) -> None:
        self.bomb.fuse, self.bomb.place = 1 + fuse % 5, ("before", "between", "after")[place % 3]

    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds % 20)

    def jump(self, seconds: int) -> None:
        self.clock.jump(seconds % 7200 - 3600)

    def slow_disk(self, tenths: int) -> None:
        """Every commit takes so long."""
        self.bomb.delay_s = (tenths % 3) * 2.5

    def change_key(self, at: int) -> None:
        seat = self.seats[at % 2]
        if seat is not None:
            self._key = seat.key = f"key{len(self.given) % 3}"

    # How it is done

    def _seat(self, at: int) -> Seat | None:
        """The desk at this place; opened where there is none, or where it sends no more. None if it crashes at that."""
        seat = self.seats[at % 2]
        if seat is not None and not seat.books.refusal:
            return seat
        if seat is not None:
            self._drop(seat)
            self.seats[at % 2] = None
        books = Books.__new__(Books)
        self._gone.append(books)
        try:
            books.__init__(*self._paths, self._heads, self.clock, key=STORE_KEY)  # type: ignore[misc]
        except Crash:
            self._may_owe_audit = True
            return None
        assert not books.refusal, books.refusal
        mirror: dict[Kind, list[Any]] = {kind: [] for kind in KINDS}
        seat = Seat(books, Sender(books, self.clock, lambda: None), self._watcher(books, mirror), mirror, self._key)
        self.seats[at % 2] = seat
        self._may_owe_audit = False
        self._check_opened(seat)
        return seat

    def _watcher(self, books: Books, mirror: dict[Kind, list[Any]]) -> Watcher:
        def alike(terms: Terms) -> list[Any]:
            return mirror[Kind.TRADES if isinstance(terms, ConfirmationTerms) else Kind.WITHDRAWALS]

        return Watcher(books, alike, lambda: None)

    def _drop(self, seat: Seat) -> None:
        """The process is gone: nothing that it was about to do is done, its files stay as they are."""
        self._may_owe_audit = True
        left = Books.__new__(Books)
        left.journal, left.audit = seat.books.journal, seat.books.audit
        self._gone.append(left)
        seat.books.journal = seat.books.audit = None
        for flight in seat.flights.values():
            flight.close()

    def _poll(self, seat: Seat, kind: Kind) -> None:
        seat.mirror[kind] = self.server.rows(kind)
        seat.watcher.look(kind)

    def _parcel(self, seat: Seat, uuid: str, terms: Terms, plan: Plan, quote: Quote | None = None) -> Parcel:
        baseline = seat.watcher.baseline(terms)
        line = Line(self.server, uuid, terms, plan, lambda body: self._check_post(uuid, terms, body, quote))
        client = LumetradeClient(line)  # type: ignore[arg-type]
        line.wrong_id = next(iter([*baseline, *sorted(self.witness.bound)]), "")

        async def withdraw() -> tuple[str | None, str | None, str]:
            assert isinstance(terms, WithdrawalTerms)
            receipt = await client.create_withdrawal(terms.beneficiary_id, terms.amount)
            return receipt.transaction_id, receipt.status, ""

        async def confirm() -> tuple[str | None, str | None, str]:
            assert quote is not None
            trade = await client.confirm_quote(quote.order())
            return trade.transaction_id, trade.status, _trade_problem(terms, trade)  # type: ignore[arg-type]

        def late() -> DeskError | None:
            return None if quote is None or quote.is_alive(self.clock) else TooLate(wire=Wire.NOT_SENT)

        return Parcel(uuid, terms, "model", seat.key, baseline, confirm if quote else withdraw, late)

    def _give(self, at: int, given: Given) -> None:
        self.given.append(given)
        with _Step(self, at):
            seat = self._seat(at)
            if seat is not None:
                self._go_on(seat, given.parcel.uuid, seat.sender.carry(given.parcel))

    def _give_up(self, seat: Seat, uuid: str) -> None:
        with pytest.raises(asyncio.CancelledError):
            seat.flights.pop(uuid).throw(asyncio.CancelledError())

    def _go_on(self, seat: Seat, uuid: str, flight: Coroutine[Any, Any, Outcome]) -> None:
        try:
            flight.send(None)
        except StopIteration as ended:
            self._check_told(seat, uuid, ended.value)
        else:
            seat.flights[uuid] = flight

    # What must hold

    def _check_post(self, uuid: str, terms: Terms, body: bytes, quote: Quote | None) -> None:
        self.witness.look()
        seen = self.witness.intents.get(uuid)
        assert seen is not None, "I2: no POST before it is on disk"
        assert seen.state == "sending", "I2: no POST before a durable SENDING"
        assert self.server.posts[uuid] == 0, "I1: one POST for each intent"
        if quote is not None:
            assert self.clock.ticks() < quote.deadline_ticks, "I9: none after the deadline"
            assert self.clock.now() < quote.deadline_at, "I9: none after the deadline by the wall clock"
        sent = json.loads(body, parse_float=str, parse_int=str)
        shown = terms.amount if isinstance(terms, WithdrawalTerms) else terms.from_amount
        name = "amount" if isinstance(terms, WithdrawalTerms) else "fromAmount"
        kept = seen.arming["terms"]["amount" if name == "amount" else "from_amount"]
        assert sent[name] == fixed(shown) == fixed(Decimal(kept)), "I10: sent as shown"
        self.reached.add("sent")

    def _check_told(self, seat: Seat, uuid: str, outcome: Outcome) -> None:
        self.witness.look()
        mine = self.server.executed(uuid)
        self.reached.add(f"told {outcome.verdict.value}")
        if outcome.verdict is Verdict.NOT_SENT:
            assert not self.server.posts[uuid], "I4: nothing that was sent is called not sent"
        if outcome.verdict is Verdict.ACCEPTED:
            assert mine is not None, "I6: accepted was executed"
            assert outcome.transaction_id == mine.id, "I6: by its own id"
        if uuid in self.witness.intents and not seat.books.refusal:
            assert self.witness.intents[uuid].state == outcome.verdict.value

    def _check_found(self, seat: Seat, kind: Kind) -> None:
        """I7, and: an executed order that the list shows is a candidate, unless its row was bound to another."""
        # A desk that heard late of the other's steps takes them in at its first try.
        believed = dict(seat.watcher._clean_lists)
        for _ in range(2):
            seat.watcher.look(kind)
        self.witness.look()
        seat.watcher.look(kind)
        seat.watcher._clean_lists = believed
        assert not self.witness.look(), "I7: an unchanged list changes nothing"
        shown = {row.transaction_id for row in seat.mirror[kind]}
        for intent in seat.books.intents:
            mine = self.server.executed(intent.uuid)
            if mine is not None and intent.state in UNDECIDED and mine.id in shown and not seat.books.refusal:
                found = intent.steps[-1].candidates
                assert mine.id in found or mine.id in self.witness.bound, "no executed order is overlooked"

    def _check_opened(self, seat: Seat) -> None:
        journal = seat.books.journal
        assert journal is not None
        self.witness.look_whole()
        assert [(each.uuid, each.state.value) for each in journal.intents] == [
            (uuid, seen.state) for uuid, seen in self.witness.intents.items()
        ], "I3: what was acknowledged is there"
        assert not {each.state.value for each in journal.intents} & {"armed", "sending"}, "recovered"
        assert all(self.witness.is_audited(uuid) for uuid in self.witness.intents), "I8: all of it is in the audit log"

    def check(self) -> None:
        """After each transition."""
        self.witness.look()
        if not (moved := self.witness.unchecked):
            return
        self.witness.unchecked = set()
        for uuid in moved:
            seen = self.witness.intents.get(uuid)
            if seen is None:
                continue
            self.reached.add(seen.state)
            if self.server.executed(uuid) is not None:
                by_operator = seen.steps[-1]["ground"] == "operator"
                assert seen.state != "not sent", "I4"
                assert seen.state != "not received" or by_operator, "I4: only the operator says so"
            assert self._may_owe_audit or self.witness.is_audited(uuid), "I8: with an audit row"
        terms = {each.parcel.uuid: each.parcel.terms for each in self.given}
        # A refusal may be followed by another try, and reopen beside it.
        open_now = [uuid for uuid, seen in self.witness.intents.items() if seen.is_open and not seen.was_refused]
        likenesses = [likeness_of(terms[uuid]) for uuid in open_now]
        assert len(likenesses) == len(set(likenesses)), "two orders alike are never open at once"
        named = [quote for each in self.witness.intents.values() if (quote := each.arming["terms"].get("quote_str"))]
        assert len(named) == len(set(named)), "I11: one intent for each quote"


class _Step:
    """Something that one desk does; a crash in it ends that desk."""

    def __init__(self, world: World, at: int) -> None:
        self._world, self._at = world, at

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is Crash:
            self._world.reached.add("crashed")
            self._world.crash(self._at)
            return True
        return False
