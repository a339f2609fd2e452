"""The treasury that a sandbox starts with."""

import time

from lumedesk.domain.codec import Codec
from lumedesk.domain.records import Deposit, Trade, Withdrawal
from lumedesk.domain.times import instant
from lumedesk.sandbox.ids import Ids
from tests.support.sandbox_desk import START, SandboxDesk

DEPOSITS: Codec[list[Deposit]] = Codec(list[Deposit])
WITHDRAWALS: Codec[list[Withdrawal]] = Codec(list[Withdrawal])
TRADES: Codec[list[Trade]] = Codec(list[Trade])


def test_every_relevant_status_is_there() -> None:
    desk = SandboxDesk(history=60)
    statuses = {path: {row["status"] for row in desk.get(path)} for path in ("/deposits", "/withdrawals", "/trades")}
    assert statuses["/trades"] == {"COMPLETED", "CANCELLED", "REVERSED"}
    assert statuses["/withdrawals"] >= {
        "COMPLETED",
        "FAILED",
        "CANCELLED",
        "REVERSED",
        "COMPLIANCE_PENDING",
        "PROCESSING",
    }
    assert statuses["/deposits"] >= {"COMPLETED", "FAILED", "CANCELLED", "REVERSED", "COMPLIANCE_PENDING", "SUBMITTED"}


def test_its_size() -> None:
    desk = SandboxDesk(history=60)
    assert len(desk.get("/trades")) == 60
    assert len(desk.get("/deposits")) == 37
    assert len(desk.get("/withdrawals")) == 43


def test_the_same_seed_makes_the_same_world() -> None:
    def world(seed: int) -> list[object]:
        desk = SandboxDesk(seed=seed, history=30)
        return [desk.get(path) for path in ("/accounts", "/wallets", "/beneficiaries", "/deposits", "/trades")]

    assert world(1) == world(1)
    assert world(1) != world(2)


def test_lists_are_newest_first_and_within_ninety_days() -> None:
    desk = SandboxDesk(history=500)
    for path in ("/trades", "/withdrawals"):
        moments = [instant(row["createdAt"]).at.timestamp() for row in desk.get(path)]  # type: ignore[union-attr]
        assert moments == sorted(moments, reverse=True)
        assert moments[0] <= START
        assert moments[-1] >= START - 91 * 86_400


def test_fills_add_up_to_their_trade() -> None:
    for trade in SandboxDesk(history=300).get("/trades"):
        fills = trade["fills"]
        assert len(fills) == 0 if trade["status"] == "CANCELLED" else 1 <= len(fills) <= 3
        if fills:
            assert sum(fill["fromCurrencyAmount"] for fill in fills) == trade["fromAmount"]
            assert sum(fill["toCurrencyAmount"] for fill in fills) == trade["toAmount"]


def test_a_hundred_thousand_trades_are_made_and_listed_quickly() -> None:
    started = time.perf_counter()
    desk = SandboxDesk(history=100_000)
    listed = desk.ledger.trades
    assert len(listed) == 100_000
    # Some ten times what it takes; it guards against work that grows with the square of the history.
    assert time.perf_counter() - started < 30


def test_rows_are_what_the_client_reads() -> None:
    desk = SandboxDesk(history=300)
    for path, codec in (("trades", TRADES), ("deposits", DEPOSITS), ("withdrawals", WITHDRAWALS)):
        rows = getattr(desk.ledger, path)
        records = codec.decode(b"[" + b",".join(rows.values()) + b"]")
        for record in records:
            assert record.transaction_id
            assert record.status
        # A completion time without a zone, a creation time with one.
        assert all("Z" not in (record.completed_at or "") for record in records)


def test_ids_never_repeat() -> None:
    ids = Ids(1)
    assert len({ids.new("trd_") for _ in range(200_000)}) == 200_000
