"""How a quote's terms and changes read. Text only."""

from decimal import Decimal

from lumedesk.domain.money import grouped
from lumedesk.domain.quotes import Change, Direction, Quote, QuoteRequest, implied_rate, inverse_rate
from lumedesk.domain.text import shown
from lumedesk.models.texts import NOTHING, amount

_LONGEST_WORD, _PART = 26, 8
_ARROWS = {Direction.BETTER: "▲", Direction.WORSE: "▼", Direction.SAME: "="}


def side_words(value: Decimal | None, currency: str) -> str:
    """An amount with its currency, all digits kept."""
    return f"{amount(value)} {shown(currency, 20)}"


def pays(quote: Quote) -> str:
    """What the quote costs."""
    return side_words(quote.from_amount, quote.request.from_currency)


def receives(quote: Quote) -> str:
    """What the quote brings."""
    return side_words(quote.to_amount, quote.request.to_currency)


def rate_words(quote: Quote) -> str:
    """The rate as the server states it, or what its amounts come to."""
    one, other = _sides(quote.request)
    if quote.rate is not None:
        if quote.is_rate_inverted:
            one, other = other, one
        return f"1 {one} = {grouped(quote.rate)} {other}"
    rate = implied_rate(quote)
    return NOTHING if rate is None else f"1 {one} ≈ {grouped(rate)} {other} (from the amounts)"


def inverse_words(quote: Quote) -> str:
    """The same rate the other way round."""
    one, other = _sides(quote.request)
    rate = quote.rate
    if rate is None:
        rate = implied_rate(quote)
    elif quote.is_rate_inverted:
        one, other = other, one
    inverse = None if rate is None else inverse_rate(rate)
    if rate is None or inverse is None:
        return NOTHING
    sign = "=" if inverse * rate == 1 else "≈"
    return f"1 {other} {sign} {grouped(inverse)} {one}"


def fee_words(quote: Quote) -> str:
    """The fee as the server states it; never one of ours."""
    if quote.fee_is_in_parts:
        return "Stated in several parts; not added up here"
    if quote.fee is None:
        return "Not reported"
    currency = f" {shown(quote.fee_currency, 20)}" if quote.fee_currency else ""
    return f"{grouped(quote.fee)}{currency} (as the server states it)"


def change_words(change: Change | None) -> str:
    """`▲ 5.4 bp, better for you`: arrow, figure and word say the same."""
    if change is None:
        return NOTHING
    arrow = _ARROWS[change.direction]
    if change.direction is Direction.SAME:
        return f"{arrow} unchanged"
    figure = f"{grouped(abs(change.bp))} bp" if change.bp else "less than 0.1 bp"
    return f"{arrow} {figure}, {change.direction.value} for you"


def life_words(quote: Quote) -> str:
    """That the limit is the desk's own, where it is; empty where the server named one."""
    if not quote.life_is_assumed:
        return ""
    return f"The server named no expiry that can be believed: the desk allows {quote.assumed_life_s:g} seconds."


def indicative_words(quote: Quote, request: QuoteRequest | None, age: str) -> tuple[str, str]:
    """A look at the price: what it comes to for `request`, and the rate with its age."""
    same = request is not None and (request.from_amount, request.to_amount) == (
        quote.request.from_amount,
        quote.request.to_amount,
    )
    headline = f"{pays(quote)} → {receives(quote)}" if same else rate_words(quote)
    return headline, f"Indicative price, {age} · {rate_words(quote)} · it can't be confirmed"


def spoken_terms(quote: Quote) -> str:
    """The terms in one sentence, for a screen reader."""
    return f"You pay {pays(quote)}, you receive {receives(quote)}. Rate: {rate_words(quote)}. Fees: {fee_words(quote)}."


def seconds_words(left_s: float) -> str:
    """Whole seconds, rounded up: `1` stands until the very end."""
    seconds = -int(-left_s // 1)
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def breakable(text: str) -> str:
    """The same with places to break where a figure is longer than a line: no digit may ever be cut off."""
    return " ".join(_parted(word) if len(word) > _LONGEST_WORD else word for word in text.split(" "))


def _parted(word: str) -> str:
    return "\u200b".join(word[at : at + _PART] for at in range(0, len(word), _PART))


def _sides(request: QuoteRequest) -> tuple[str, str]:
    return shown(request.from_currency, 20), shown(request.to_currency, 20)
