"""What keeps a living quote from being confirmed: a balance too old or too small, or an earlier order in doubt."""

from decimal import Decimal

from lumedesk.domain.intents import ConfirmationTerms, likeness_of
from lumedesk.domain.kinds import Kind
from lumedesk.domain.quote_flow import QuoteFlow, State
from lumedesk.domain.quotes import Quote, QuotePreferences, QuoteRequest
from lumedesk.models.texts import ago
from lumedesk.views.dialogs.quote_words import side_words
from lumedesk.work.session import Session

TWIN = (
    "An earlier confirmation of this pair and amount has no known outcome yet. It is blocked: see the Movements page."
)


def open_twin(request: QuoteRequest, session: Session) -> bool:
    """True while a confirmation of this pair and amount is under way or in doubt."""
    terms = ConfirmationTerms(
        "",
        request.from_currency,
        request.to_currency,
        request.from_amount or Decimal(0),
        request.to_amount or Decimal(0),
        request.from_amount is not None,
    )
    return likeness_of(terms) in session.movements.unresolved


def hindrance_to(quote: Quote, session: Session, preferences: QuotePreferences) -> str:
    """Why `quote` must not be confirmed now, in words for beside the button; empty when nothing is in the way."""
    if open_twin(quote.request, session):
        return TWIN
    confirmed_at, now = session.state(Kind.ACCOUNTS).confirmed_at, session.clock.now()
    if confirmed_at is None:
        return "The balances aren't known yet."
    if (now - confirmed_at).total_seconds() > preferences.max_balance_age_s:
        return f"The balances were last confirmed {ago(confirmed_at, now)}. They are being asked for again."
    currency = quote.request.from_currency
    accounts = session.records(Kind.ACCOUNTS)
    balance = next((account.balance for account in accounts if account.currency == currency), None)
    if balance is not None and quote.from_amount is not None and quote.from_amount > balance:
        return f"That is more than is available: {side_words(balance, currency)}."
    return ""


def hindrance(flow: QuoteFlow, session: Session) -> str:
    """Why Confirm is off although there is a firm quote, or why there can be none."""
    if session.cannot_send:
        return session.cannot_send
    if flow.state is State.OFFLINE:
        return f"{session.connection.value}."
    if flow.state is not State.FIRM or flow.quote is None:
        return ""
    if not flow.is_acknowledged:
        return "Look at the change in price first."
    return hindrance_to(flow.quote, session, flow.preferences)
