"""Gathers what the withdrawal's checks look at, from what the session knows now."""

from lumedesk.domain.checks import Facts
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Account, Beneficiary, Currency
from lumedesk.domain.withdrawals import WithdrawalFlow
from lumedesk.models.payees import PastPayments
from lumedesk.work.safeguards import Safeguards
from lumedesk.work.session import Session


def account_of(beneficiary: Beneficiary, session: Session) -> Account | None:
    """The account that the money leaves; None where there is none in the currency."""
    accounts: tuple[Account, ...] = session.records(Kind.ACCOUNTS)
    return next((each for each in accounts if each.currency == beneficiary.currency), None)


def decimals_of(beneficiary: Beneficiary, session: Session) -> int | None:
    """How many decimals the currency has; None where the server doesn't say."""
    currencies: tuple[Currency, ...] = session.records(Kind.CURRENCIES)
    return next((each.decimals for each in currencies if each.code == beneficiary.currency), None)


def facts_of(flow: WithdrawalFlow, session: Session, guards: Safeguards, past: PastPayments) -> Facts | None:
    """All of it for the draft as it is; None while the draft has no beneficiary or amount."""
    beneficiary, sent = flow.beneficiary, flow.amount
    if beneficiary is None or sent is None:
        return None
    return Facts(
        beneficiary,
        sent,
        flow.account,
        balance_at=session.state(Kind.ACCOUNTS).confirmed_at,
        now=session.clock.now(),
        past=past.of(beneficiary.currency),
        past_is_known=past.is_known,
        intents=session.movements.intents,
        unresolved=session.movements.unresolved,
        limits=guards.limits,
        limits_trouble=guards.limits_trouble,
        sighting=guards.sighting(beneficiary),
        sightings_trouble=guards.sightings_trouble,
    )
