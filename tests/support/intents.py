"""Intents for tests: terms, armings and steps that fit together, any field changed by name."""

from decimal import Decimal
from itertools import count
from typing import Any

from lumedesk.domain.intents import Arming, ConfirmationTerms, Ground, Intent, State, Step, Terms, WithdrawalTerms

_numbers = count(1)
AT = "2026-05-11T10:15:30+00:00"

SENDING = Step(State.SENDING, Ground.PROTOCOL)
UNKNOWN = Step(State.UNKNOWN, Ground.ANSWER, "The server took too long")
NOT_SENT = Step(State.NOT_SENT, Ground.PROTOCOL)
REFUSED = Step(State.REFUSED, Ground.ANSWER, "no", http_status=400)


def accepted(transaction_id: str, ground: Ground = Ground.ANSWER) -> Step:
    return Step(State.ACCEPTED, ground, "", transaction_id)


def found(*candidates: str) -> Step:
    state = State.LIKELY if len(candidates) == 1 else State.AMBIGUOUS
    return Step(state, Ground.LISTS, "", candidates=candidates)


def withdrawal_terms(**changes: Any) -> WithdrawalTerms:
    usual = {
        "beneficiary_id": "ben_1",
        "beneficiary_name": "Umhlanga Logistics",
        "details": {"bankName": "Nedbank", "accountNumber": "1147720093"},
        "currency": "ZAR",
        "amount": Decimal("250.00"),
    }
    return WithdrawalTerms(**(usual | changes))


def confirmation_terms(**changes: Any) -> ConfirmationTerms:
    usual = {
        "quote_str": f"Q{next(_numbers)}",
        "from_currency": "USDT",
        "to_currency": "ZAR",
        "from_amount": Decimal(100),
        "to_amount": Decimal(1840),
        "by_from": True,
    }
    return ConfirmationTerms(**(usual | changes))


def an_arming(terms: Terms | None = None, **changes: Any) -> Arming:
    usual = {
        "uuid": f"uuid-{next(_numbers)}",
        "terms": terms or withdrawal_terms(amount=Decimal(next(_numbers))),
        "host": "api.lumetrade.test",
        "key_fingerprint": "k1",
        "baseline": (),
        "armed_at": AT,
        "ticks": 1_000.0,
    }
    return Arming(**(usual | changes))


def an_intent(*steps: Step, terms: Terms | None = None, **changes: Any) -> Intent:
    """Armed, then moved along `steps` as the protocol allows."""
    arming = an_arming(terms, **changes)
    intent = Intent(arming, (Step(State.ARMED, Ground.PROTOCOL),), (arming.armed_at,))
    for step in steps:
        intent = intent.after(step, AT)
    return intent
