"""The quote dialog over answers laid out by hand, and a hand on everything that matters to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lumedesk.domain.naps import Naps
from lumedesk.domain.quote_flow import State
from lumedesk.domain.quotes import QuotePreferences
from lumedesk.views.dialogs import quote as quote_module
from lumedesk.views.dialogs.quote import QuoteDialog
from tests.support.stage import LaidOut, Stage, settle, until

TRADE = {
    "transactionId": "trd_1",
    "fromCurrency": "USDT",
    "toCurrency": "ZAR",
    "fromAmount": 100,
    "toAmount": 1840,
    "rate": 18.4,
    "status": "PENDING",
    "createdAt": "2026-05-11T10:15:31Z",
}


def answer(**changes: Any) -> dict[str, Any]:
    fields = {
        "quoteStr": "QT1",
        "fromCurrency": "USDT",
        "toCurrency": "ZAR",
        "fromAmount": 100,
        "toAmount": 1840,
        "rate": 18.4,
        "expiresIn": 15,
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


class QuoteSet:
    """An open dialog with what is behind it."""

    def __init__(self, stage: Stage, treasury: LaidOut, dialog: QuoteDialog, spoken: list[str]) -> None:
        self.stage = stage
        self.treasury = treasury
        self.dialog = dialog
        self.spoken = spoken

    def answers(self, *quotes: Any) -> None:
        self.treasury.answers["POST trades/quote"] = tuple(quotes)

    def confirms_with(self, reply: Any) -> None:
        self.treasury.answers["POST trades/quote/confirm"] = reply

    def sent(self, path: str = "trades/quote/confirm") -> list[Any]:
        return [body for each, body in self.treasury.sent if each == path]

    def type(self, text: str = "100") -> None:
        self.dialog.amount.setText(text)
        self.dialog.amount.textEdited.emit(text)

    def ask(self) -> None:
        self.dialog.quote_button.click()

    def until(self, state: State) -> None:
        until(lambda: self.dialog.state is state, state.value)
        settle()

    def firm(self, *quotes: Any) -> None:
        self.answers(*(quotes or (answer(),)))
        self.type()
        self.ask()
        self.until(State.FIRM)

    def advance(self, seconds: float) -> None:
        """Let time pass; the balances are confirmed anew, as polling would."""
        self.stage.clock.advance(seconds)

    def expire(self) -> None:
        self.advance(20)
        self.until(State.EXPIRED)


class QuoteSets:
    """Opens dialogs over one stage."""

    def __init__(self, stage: Stage, treasury: LaidOut, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stage = stage
        self._treasury = treasury
        self._spoken: list[str] = []
        self.opened: list[QuoteDialog] = []
        monkeypatch.setattr(quote_module, "announce", lambda _widget, text, **_how: self._spoken.append(text))

    def __call__(self, naps: Naps | None = None, **preferences: Any) -> QuoteSet:
        """Open one more, to sell USDT for ZAR."""
        dialog = QuoteDialog(
            self._stage.session, self._stage.look, self._stage.window, QuotePreferences(**preferences), naps
        )
        self.opened.append(dialog)
        dialog.open()
        settle()
        dialog.sell.choose("USDT")
        dialog.buy.choose("ZAR")
        dialog.side.choose("from")
        return QuoteSet(self._stage, self._treasury, dialog, self._spoken)


@contextmanager
def quote_sets(stage: Stage, treasury: LaidOut, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuoteSets]:
    """What opens quote dialogs; they go when the test ends."""
    sets = QuoteSets(stage, treasury, monkeypatch)
    yield sets
    for dialog in sets.opened:
        dialog.hide()
        dialog.deleteLater()
    settle()
