"""How values read in a table: amounts, times and names, as short text. Exact forms go into tooltips and copies."""

from datetime import UTC, datetime
from decimal import Decimal

from lumedesk.domain.details import DOTS, Field, summary_of
from lumedesk.domain.money import fixed, grouped
from lumedesk.domain.records import Trade, Withdrawal
from lumedesk.domain.text import shown
from lumedesk.domain.times import instant

NOTHING = "–"


def words(text: str | None) -> str:
    """Text from the server, safe to show; a dash where there is none."""
    return shown(text) if text else NOTHING


def pair_of(trade: Trade) -> str:
    """Sold and bought, as `USDT → ZAR`."""
    return f"{words(trade.from_currency)} → {words(trade.to_currency)}"


def destination_of(withdrawal: Withdrawal, *, hides: bool = False) -> str:
    """A few words on where the money went; with `hides` without amounts among them."""
    return summary_of(withdrawal.withdraw_details, hides=hides)


def amount(value: Decimal | None) -> str:
    """An amount with thousands separated, all digits kept."""
    return NOTHING if value is None else grouped(value)


def sum_text(value: Decimal | None, currency: str | None, *, hides: bool = False) -> str:
    """An amount with its currency; with `hides` the currency alone is told."""
    return f"{DOTS if hides and value is not None else amount(value)} {words(currency)}"


def sum_field(label: str, value: Decimal | None, currency: str | None) -> Field:
    """An amount with its currency as a field, which knows that it tells one."""
    return Field(label, sum_text(value, currency), hidden=sum_text(value, currency, hides=True))


def digits(value: Decimal | None) -> str:
    """An amount for copying: digits and a point only."""
    return "" if value is None else fixed(value)


def local(text: str | None) -> str:
    """A timestamp in local time, short: `Today 14:03`, `12 Nov 09:10`, `12 Nov 2024`."""
    moment = instant(text)
    if moment is None:
        return words(text)
    return short_time(_here(moment.at), _here(datetime.now(UTC)))


def _here(at: datetime) -> datetime:
    """In local time, or as it is where that can't be told: the years 1 and 9999 are some servers' word for "none"."""
    try:
        return at.astimezone()
    except (OverflowError, OSError, ValueError):
        return at


def short_time(at: datetime, now: datetime) -> str:
    """`at` as a person beside the screen would say it at `now`; both local."""
    days = (now.date() - at.date()).days
    if days == 0:
        return f"Today {at:%H:%M}"
    if days == 1:
        return f"Yesterday {at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}" if at.year == now.year else f"{at.day} {at:%b %Y}"


def since(at: datetime) -> str:
    """A moment of our own clock, in local time, short."""
    return short_time(_here(at), _here(datetime.now(UTC)))


def exact_time(text: str | None) -> str | None:
    """Local time to the second and UTC, saying so where the server named no zone; None where there is no time."""
    moment = instant(text)
    if moment is None:
        return None
    here = _here(moment.at)
    zone = "UTC (assumed: the server named no zone)" if moment.assumed_utc else "UTC"
    utc = f"{_seconds(moment.at)} {zone}"
    return f"{_seconds(here)} local\n{utc}" if here.utcoffset() else utc


def _seconds(at: datetime) -> str:
    """Not by %Y, which writes the year 1 with one digit on some platforms."""
    return at.replace(microsecond=0, tzinfo=None).isoformat(" ")


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in the largest fitting unit: `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`."""
    seconds = int((now - at).total_seconds())
    if seconds < 5:
        return "just now"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
