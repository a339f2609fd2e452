"""Trades of the last ninety days, made in bulk: 100,000 in a few seconds, already written as JSON. Nothing live here."""

import math
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from random import Random

from lumedesk.sandbox.ids import Ids
from lumedesk.sandbox.market import Market
from lumedesk.sandbox.rows import Rows
from lumedesk.sandbox.world import ASSETS, Asset

DAYS = 90
_PAIRS = (
    ("USDT", "ZAR"),
    ("ZAR", "USDT"),
    ("USD", "ZAR"),
    ("BTC", "ZAR"),
    ("EUR", "USD"),
    ("GBP", "USD"),
    ("NGN", "USDT"),
    ("USDT", "KES"),
    ("ETH", "USDT"),
    ("USD", "USDC"),
    ("ZAR", "BTC"),
)
# Sold units and pair of the first trades: the least and the most that a list has to show.
_EXTREMES = ((1, "BTC", "ZAR"), (1_234_567_890_12, "NGN", "USDT"), (2, "USDT", "USDC"))


@dataclass(frozen=True, slots=True)
class _Terms:
    sell: Asset
    buy: Asset
    sold: int  # in the currency's smallest units, as is `bought`
    bought: int
    rate: str
    inverted: bool


class PastTrades:
    """Writes past trades and adds up what they did to each account, in smallest units."""

    def __init__(self, market: Market, ids: Ids, random: Random, now_s: float) -> None:
        self._ids = ids
        self._random = random
        self._now_s = now_s
        self._rate = cache(market.rate)
        self.net: Counter[str] = Counter()

    def write(self, count: int) -> Rows:
        """Oldest first."""
        rows: Rows = {}
        span = DAYS * 86_400 / max(count, 1)
        for number in range(count):
            age_s = (count - number) * span - self._random.random() * span * 0.9
            terms = self._terms(number, age_s)
            # Some of each, however few there are.
            status = {7: "CANCELLED", 13: "REVERSED"}.get(number % 20, "COMPLETED")
            if status == "COMPLETED":
                self.net[terms.sell.code] -= terms.sold
                self.net[terms.buy.code] += terms.bought
            identity = self._ids.new("trd_")
            rows[identity] = self._row(identity, terms, status, self._now_s - age_s).encode()
        return rows

    def _terms(self, number: int, age_s: float) -> _Terms:
        if number < len(_EXTREMES):
            sold, sell_code, buy_code = _EXTREMES[number]
            sell, buy = ASSETS[sell_code], ASSETS[buy_code]
        else:
            sell, buy = (ASSETS[code] for code in self._random.choice(_PAIRS))
            worth = math.exp(self._random.uniform(math.log(20), math.log(250_000)))
            sold = int(worth / sell.usd * 10**sell.decimals)
            if self._random.random() < 0.4:
                size = 10 ** max(len(str(sold)) - 2, 0)
                sold = sold // size * size
        rate = self._rate(sell, buy, -(age_s // 3600) * 3600.0)
        top, bottom = rate.figure.as_integer_ratio()
        if rate.inverted:
            top, bottom = bottom, top
        bought = sold * top * 10**buy.decimals // (bottom * 10**sell.decimals)
        return _Terms(sell, buy, sold, bought, str(rate.figure), rate.inverted)

    def _row(self, identity: str, terms: _Terms, status: str, at_s: float) -> str:
        seconds = self._random.randint(1, 6)
        created, done = _moment(at_s), _moment(at_s + seconds)
        completed = "null" if status == "CANCELLED" else f'"{done}"'
        fills = "" if status == "CANCELLED" else self._fills(terms, status, f"{created}Z", f"{done}Z")
        return (
            f'{{"fromCurrency":"{terms.sell.code}","toCurrency":"{terms.buy.code}",'
            f'"fromAmount":{_number(terms.sold, terms.sell.decimals)},"toAmount":{_number(terms.bought, terms.buy.decimals)},'
            f'"rate":{terms.rate},"isRateInverted":{"true" if terms.inverted else "false"},'
            f'"isRfq":{"true" if seconds < 6 else "false"},"status":"{status}","transactionId":"{identity}",'
            f'"createdAt":"{created}Z","completedAt":{completed},"fills":[{fills}]}}'
        )

    def _fills(self, terms: _Terms, status: str, created: str, done: str) -> str:
        count = min(self._random.randint(1, 3), terms.sold, terms.bought)
        written = []
        sold_left, bought_left = terms.sold, terms.bought
        for left in range(count, 0, -1):
            sold, bought = sold_left // left, bought_left // left
            sold_left -= sold
            bought_left -= bought
            written.append(
                f'{{"fromCurrency":"{terms.sell.code}","fromCurrencyAmount":{_number(sold, terms.sell.decimals)},'
                f'"toCurrency":"{terms.buy.code}","toCurrencyAmount":{_number(bought, terms.buy.decimals)},'
                f'"status":"{status}","transactionId":"{self._ids.new("fil_")}",'
                f'"modifiedAt":"{done}","createdAt":"{created}"}}'
            )
        return ",".join(written)


def _moment(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_s))


def _number(units: int, decimals: int) -> str:
    digits = str(units).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
