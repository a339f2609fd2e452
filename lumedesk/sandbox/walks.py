"""Which statuses a movement walks through, and how fast. A movement's amount decides, so that a test or a trainee can choose.

The fraction of the amount, its trailing zeros dropped, ends in:

| digits | withdrawal | trade (the amount its quote was asked for) | deposit |
|---|---|---|---|
| 13 | FAILED while processing | CANCELLED before any fill | FAILED while processing |
| 17 | COMPLETED, then REVERSED | COMPLETED, then REVERSED | COMPLETED, then REVERSED |
| 19 | waits in AWAITING_CONFIRMATION | CANCELLED after a first fill | CANCELLED |
| 23 | waits in COMPLIANCE_PENDING | completes | waits in COMPLIANCE_PENDING |
| 29 | CANCELLED while awaiting confirmation | completes | completes |
| other | completes | completes in one to three fills | completes |

Withdrawals over a network always pass AWAITING_CONFIRMATION.
"""

from decimal import Decimal

from lumedesk.domain.money import fixed

# Seconds of the world's time after the step before, and the status then.
Walk = tuple[tuple[float, str], ...]

FILL_EVERY_S = 1.5
REVERSED_AFTER_S = 10.0

_WITHDRAWAL: Walk = ((2, "ACCEPTED"), (3, "PROCESSING"), (5, "COMPLETED"))
_WITHDRAWALS: dict[str, Walk] = {
    "13": ((2, "ACCEPTED"), (3, "PROCESSING"), (5, "FAILED")),
    "17": ((2, "ACCEPTED"), (3, "PROCESSING"), (5, "COMPLETED"), (REVERSED_AFTER_S, "REVERSED")),
    "19": ((2, "ACCEPTED"), (2, "AWAITING_CONFIRMATION"), (8, "PROCESSING"), (5, "COMPLETED")),
    "23": ((2, "ACCEPTED"), (2, "COMPLIANCE_PENDING"), (20, "PROCESSING"), (5, "COMPLETED")),
    "29": ((2, "ACCEPTED"), (2, "AWAITING_CONFIRMATION"), (8, "CANCELLED")),
}
_DEPOSIT: Walk = ((3, "PENDING"), (5, "PROCESSING"), (10, "COMPLETED"))
_DEPOSITS: dict[str, Walk] = {
    "13": ((3, "PENDING"), (5, "PROCESSING"), (10, "FAILED")),
    "17": ((3, "PENDING"), (5, "PROCESSING"), (10, "COMPLETED"), (REVERSED_AFTER_S, "REVERSED")),
    "19": ((3, "PENDING"), (10, "CANCELLED")),
    "23": ((3, "PENDING"), (5, "COMPLIANCE_PENDING"), (60, "PROCESSING"), (10, "COMPLETED")),
}


def digits_of(amount: Decimal) -> str:
    """The last two digits of the fraction: `13` for 100.13, 5.1300 and 0.0013; empty for 100 and 100.5."""
    _, _, fraction = fixed(amount).partition(".")
    fraction = fraction.rstrip("0")
    return fraction[-2:] if len(fraction) > 1 else ""


def withdrawal_walk(amount: Decimal, *, over_network: bool) -> Walk:
    """What a withdrawal goes through after PENDING."""
    return _WITHDRAWALS.get(digits_of(amount), _WITHDRAWALS["19"] if over_network else _WITHDRAWAL)


def deposit_walk(amount: Decimal) -> Walk:
    """What a deposit goes through after SUBMITTED."""
    return _DEPOSITS.get(digits_of(amount), _DEPOSIT)
