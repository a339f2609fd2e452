"""Prices that move: a seeded walk, a function of the world's time alone. No quotes here, and no balances."""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from lumedesk.sandbox.world import Asset

# How far a price strays from where it started, and how long a swing takes: ticks, hours, weeks.
_SWINGS = ((0.0006, 8.0), (0.006, 5_400.0), (0.04, 900_000.0))
_SPREAD = 0.003
_RATE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Rate:
    """A price of one pair, the client's spread included.

    `figure` is at least about 1: units bought per unit sold, or, inverted, units sold per unit bought.
    """

    figure: Decimal
    inverted: bool

    def bought(self, sold: Decimal, into: Asset) -> Decimal:
        """What selling gives, rounded down to the currency's decimals."""
        return _converted(sold, self.figure, into.decimals, divide=self.inverted, up=False)

    def sold(self, bought: Decimal, out_of: Asset) -> Decimal:
        """What buying costs, rounded up."""
        return _converted(bought, self.figure, out_of.decimals, divide=not self.inverted, up=True)


class Market:
    """Prices for a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def rate(self, sell: Asset, buy: Asset, world_s: float) -> Rate:
        """The price at a moment of the world's time."""
        ratio = self._usd(sell, world_s) / self._usd(buy, world_s) * (1 - _SPREAD)
        inverted = ratio < 1
        return Rate(Decimal(f"{1 / ratio if inverted else ratio:.{_RATE_DECIMALS}f}"), inverted)

    def _usd(self, asset: Asset, world_s: float) -> float:
        if asset.code == "USD":
            return asset.usd
        # What is pegged to the dollar hardly moves.
        reach = 0.02 if asset.usd == 1.0 else 1.0
        sway = sum(
            height * _smooth(self._seed, f"{asset.code}{number}", world_s / period)
            for number, (height, period) in enumerate(_SWINGS)
        )
        return asset.usd * math.exp(sway * reach)


def split(amount: Decimal, shares: tuple[int, ...], asset: Asset) -> list[Decimal]:
    """Cut an amount into parts in these proportions; the parts add up to it exactly."""
    units = int(amount.scaleb(asset.decimals))
    edges = [0]
    for share in shares:
        edges.append(edges[-1] + units * share // sum(shares))
    edges[-1] = units
    return [asset.exact(Decimal(end - start).scaleb(-asset.decimals)) for start, end in pairwise(edges)]


def _converted(amount: Decimal, rate: Decimal, decimals: int, *, divide: bool, up: bool) -> Decimal:
    # In whole numbers: a product has more digits than Decimal keeps by default.
    top, bottom = amount.as_integer_ratio()
    rate_top, rate_bottom = rate.as_integer_ratio()
    if divide:
        rate_top, rate_bottom = rate_bottom, rate_top
    top, bottom = top * rate_top * 10**decimals, bottom * rate_bottom
    units = -(-top // bottom) if up else top // bottom
    return Decimal(f"{units}E-{decimals}")


def _smooth(seed: int, name: str, position: float) -> float:
    """Between -1 and 1, without jumps."""
    step = math.floor(position)
    here, there = _point(seed, name, step), _point(seed, name, step + 1)
    part = position - step
    return here + (there - here) * part * part * (3 - 2 * part)


@lru_cache(maxsize=4096)
def _point(seed: int, name: str, step: int) -> float:
    digest = blake2b(f"{seed}/{name}/{step}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**31 - 1
