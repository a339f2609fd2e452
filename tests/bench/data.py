"""Makes trades for measuring: the same ones for the same number, many amounts longer than a float can hold."""

import gzip
import os
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

# Trades are made so many at a time, each piece from its number alone.
PIECE = 10_000

_PAIRS = (("USDT", "ZAR"), ("BTC", "USDT"), ("EUR", "ZAR"), ("ETH", "USD"), ("ZAR", "USDT"))
_RARE = ("PENDING", "CANCELLED", "REVERSED")


class MadeFill(NamedTuple):
    """A fill as text."""

    key: str
    sold: str
    bought: str


class MadeTrade(NamedTuple):
    """A trade as text: what the JSON says, digit by digit."""

    key: str
    pair: tuple[str, str]
    sold: str
    bought: str
    rate: str
    status: str
    at: str
    fills: tuple[MadeFill, ...]

    @property
    def amounts(self) -> tuple[str, str, str]:
        """Its own figures, without those of its fills."""
        return self.sold, self.bought, self.rate

    def json(self) -> str:
        """One row of the server's list."""
        sold, bought = self.pair
        fills = ",".join(
            f'{{"fromCurrency":"{sold}","fromCurrencyAmount":{fill.sold},"toCurrency":"{bought}",'
            f'"toCurrencyAmount":{fill.bought},"status":"COMPLETED","transactionId":"{fill.key}",'
            f'"modifiedAt":"{self.at}","createdAt":"{self.at}"}}'
            for fill in self.fills
        )
        completed = f',"completedAt":"{self.at}"' if self.status != "PENDING" else ""
        return (
            f'{{"fromCurrency":"{sold}","toCurrency":"{bought}","fromAmount":{self.sold},"toAmount":{self.bought},'
            f'"rate":{self.rate},"isRateInverted":false,"isRfq":true,"status":"{self.status}",'
            f'"transactionId":"{self.key}","createdAt":"{self.at}"{completed},"fills":[{fills}]}}'
        )

    def texts(self) -> tuple[str, ...]:
        """What the table's seven columns show, for a model that holds texts."""
        pair = " → ".join(self.pair)
        figures = (_grouped(text) for text in self.amounts)
        return (self.at[:16].replace("T", " "), pair, *figures, self.status.capitalize(), self.key)


def trades(count: int, first: int = 0) -> Iterator[MadeTrade]:
    """`count` trades from the number `first`, which falls on a piece's beginning."""
    for start in range(first, first + count, PIECE):
        yield from _piece(start // PIECE, min(PIECE, first + count - start))


def write_body(path: Path, count: int, texts: Path | None = None) -> None:
    """The server's list as JSON, and what a table shows of it: a line each, cells parted by tabs.

    Written piece by piece: a million trades don't fit into memory for nothing.
    """
    with path.open("wb") as file, (texts or Path(os.devnull)).open("wb") as shown:
        file.write(b"[")
        for start in range(0, count, PIECE):
            piece = list(trades(min(PIECE, count - start), start))
            file.write((b"," if start else b"") + ",".join([trade.json() for trade in piece]).encode())
            if texts is not None:
                shown.write("".join(["\t".join(trade.texts()) + "\n" for trade in piece]).encode())
        file.write(b"]")


def write_changed(body: Path, path: Path, count: int) -> tuple[str, str]:
    """The list of `body` with two of its rows different: one pending trade done, another trade's status new.

    Shape: the ids of the two, which stand apart.
    """
    pending = [trade for trade in trades(count) if trade.status == "PENDING"]
    before, after = pending[len(pending) // 3], pending[-2]
    whole = body.read_bytes()
    for trade, status in ((before, "COMPLETED"), (after, "CANCELLED")):
        old = trade.json().encode()
        if whole.count(old) != 1:
            raise ValueError(f"{trade.key} is not there once")
        whole = whole.replace(old, trade._replace(status=status).json().encode())
    path.write_bytes(whole)
    return before.key, after.key


def write_gzip(body: Path, path: Path) -> None:
    """The same, compressed as a server would on the fly; the same each time."""
    with (
        path.open("wb") as file,
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0, filename="") as packed,
    ):
        packed.write(body.read_bytes())


def altered_by_float(text: str) -> bool:
    """Whether a reader that goes through a float, as most JSON readers do, would tell another amount."""
    return Decimal(repr(float(text))) != Decimal(text)


def _piece(number: int, count: int) -> Iterator[MadeTrade]:
    chance = random.Random(number)
    below, pick = chance.randrange, chance.choice
    for at in range(number * PIECE, number * PIECE + count):
        sold, bought, rate = _amount(chance), _amount(chance), _amount(chance)
        moment = f"202{4 + at % 3}-{1 + at % 12:02d}-{1 + at % 28:02d}T{at % 24:02d}:{at % 60:02d}:{at * 7 % 60:02d}Z"
        fills = tuple(MadeFill(f"fil_{below(16**16):016X}", sold, bought) for _ in range(pick((1, 1, 2, 3))))
        status = "COMPLETED" if chance.random() < 0.95 else pick(_RARE)
        yield MadeTrade(f"trd_{at:08d}{below(16**12):012X}", pick(_PAIRS), sold, bought, rate, status, moment, fills)


def _amount(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return f"{chance.randrange(1, 10**9)}.{chance.randrange(10**16, 10**17)}"
    return f"{chance.randrange(1, 10**6)}.{chance.randrange(100):02d}"


def _grouped(text: str) -> str:
    whole, _, fraction = text.partition(".")
    return f"{int(whole):,}.{fraction}"
