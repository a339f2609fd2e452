"""Which statuses movements walk through."""

from decimal import Decimal

import pytest

from lumedesk.domain.statuses import FINAL_CODES, status_of
from lumedesk.sandbox.walks import deposit_walk, digits_of, withdrawal_walk
from lumedesk.sandbox.world import ASSETS
from tests.support.sandbox_desk import SandboxDesk


@pytest.mark.parametrize(
    ("amount", "digits"),
    [("100.13", "13"), ("5.1300", "13"), ("0.0013", "13"), ("100", ""), ("113", ""), ("1.3", ""), ("1.30", "")],
)
def test_the_digits_that_decide(amount: str, digits: str) -> None:
    assert digits_of(Decimal(amount)) == digits


@pytest.mark.parametrize(
    ("amount", "statuses"),
    [
        ("5.00", "PENDING ACCEPTED PROCESSING COMPLETED"),
        ("5.13", "PENDING ACCEPTED PROCESSING FAILED"),
        ("5.17", "PENDING ACCEPTED PROCESSING COMPLETED REVERSED"),
        ("5.19", "PENDING ACCEPTED AWAITING_CONFIRMATION PROCESSING COMPLETED"),
        ("5.23", "PENDING ACCEPTED COMPLIANCE_PENDING PROCESSING COMPLETED"),
        ("5.29", "PENDING ACCEPTED AWAITING_CONFIRMATION CANCELLED"),
    ],
)
def test_a_withdrawals_walk_and_what_it_leaves(amount: str, statuses: str) -> None:
    desk = SandboxDesk()
    available, locked = desk.account("ZAR")
    identity = desk.withdraw(amount).body["transactionId"]
    seen = ["PENDING"]
    for _ in range(60):
        desk.advance(1)
        status = desk.get(f"/withdrawals/{identity}")["status"]
        if status != seen[-1]:
            seen.append(status)
    assert " ".join(seen) == statuses
    cost = Decimal(amount) + Decimal("7.50") if seen[-1] == "COMPLETED" else 0
    assert desk.account("ZAR") == (available - cost, locked)


def test_withdrawals_over_a_network_wait_for_confirmation() -> None:
    walk = withdrawal_walk(Decimal("0.5"), over_network=True)
    assert "AWAITING_CONFIRMATION" in [status for _, status in walk]
    assert withdrawal_walk(Decimal("0.13"), over_network=True)[-1][1] == "FAILED"


@pytest.mark.parametrize(
    ("amount", "statuses", "credited"),
    [
        ("500.00", "SUBMITTED PENDING PROCESSING COMPLETED", "400"),
        ("500.13", "SUBMITTED PENDING PROCESSING FAILED", "0"),
        ("500.17", "SUBMITTED PENDING PROCESSING COMPLETED REVERSED", "0"),
        ("500.19", "SUBMITTED PENDING CANCELLED", "0"),
        ("500.23", "SUBMITTED PENDING COMPLIANCE_PENDING PROCESSING COMPLETED", "400.23"),
    ],
)
def test_a_deposits_walk_and_what_it_leaves(amount: str, statuses: str, credited: str) -> None:
    desk = SandboxDesk()
    before = desk.ledger.accounts["NGN"].available
    deposit = desk.ledger.receive(ASSETS["NGN"], Decimal(amount))
    seen = [deposit.status]
    for _ in range(100):
        desk.advance(1)
        status = desk.get(f"/deposits/{deposit.id}")["status"]
        if status != seen[-1]:
            seen.append(status)
    assert " ".join(seen) == statuses
    assert desk.ledger.accounts["NGN"].available == before + Decimal(credited)


def test_every_walk_ends_in_a_final_status() -> None:
    for digits in ("00", "13", "17", "19", "23", "29"):
        amount = Decimal(f"7.{digits}")
        for walk in (withdrawal_walk(amount, over_network=False), deposit_walk(amount)):
            assert walk[-1][1] in FINAL_CODES
            assert all(status_of(status).label != status for _, status in walk)


def test_a_world_at_speed_zero_moves_only_when_told() -> None:
    desk = SandboxDesk(speed=0)
    identity = desk.withdraw("5").body["transactionId"]
    assert desk.get(f"/withdrawals/{identity}")["status"] == "PENDING"
    desk.advance(60)
    assert desk.get(f"/withdrawals/{identity}")["status"] == "COMPLETED"


def test_deposits_keep_arriving() -> None:
    desk = SandboxDesk()
    before = len(desk.get("/deposits"))
    desk.advance(3600)
    assert 20 <= len(desk.get("/deposits")) - before <= 60
