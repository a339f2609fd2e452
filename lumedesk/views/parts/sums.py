"""The line below a history's table: how many rows there are, and what they add up to in each currency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from lumedesk.domain.queries import Total
from lumedesk.models.table import plain_tooltip
from lumedesk.models.texts import amount, sum_text
from lumedesk.views.parts.chips import COMPACT
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import DOUBLE, UNIT, Look

_MOST_CURRENCIES = 3


@dataclass(frozen=True, slots=True)
class SumWords:
    """A column that is added up, and what its sum is called; nothing where the page's own name says it."""

    column: str
    title: str = ""


class SumsLine(QWidget):
    """Count and sums. Of more currencies than fit, the rest is told in the tooltip and by the button behind them."""

    def __init__(
        self,
        name: str,
        plan: Sequence[SumWords],
        count: Label,
        look: Look,
        decimals: Callable[[str], int | None] = lambda _code: None,
    ) -> None:
        """`decimals` says how many a currency has: sums are written with at least these."""
        super().__init__()
        self._decimals = decimals
        self.setObjectName(f"{name}-foot")
        self._plan = tuple(plan)
        self._look = look
        self._sums: Mapping[str, Sequence[Total]] | None = None
        self.words = Label(look="caption", wraps=True)
        self.words.setObjectName(f"{name}-sums")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.words.setSizePolicy(policy)
        self.more_button = button(f"{name}-sums-more", "")
        self.more_button.setCheckable(True)
        self.more_button.setAccessibleName("More sums")
        self.more_button.setStyleSheet(COMPACT)
        self.more_button.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, UNIT, 0)
        row.setSpacing(DOUBLE)
        row.addWidget(count)
        row.addWidget(self.words, 1)
        row.addWidget(self.more_button)
        self.more_button.toggled.connect(self._tell)
        look.hiding_changed.connect(self._tell)

    def show_pending(self) -> None:
        """Say that the sums aren't known yet. What they were before is gone at once."""
        self._show(None, "adding up…")

    def show_nothing(self, why: str = "") -> None:
        """Tell no sums, and perhaps why."""
        self._show(None, why)

    def show_sums(self, sums: Mapping[str, Sequence[Total]]) -> None:
        """Tell these, by column."""
        self._show(sums, "")

    def _show(self, sums: Mapping[str, Sequence[Total]] | None, words: str) -> None:
        self._sums = sums
        self.words.setText(words)
        self._tell()

    def _tell(self) -> None:
        if self._sums is None:
            self.words.setToolTip("")
            self.more_button.hide()
            return
        whole = [(each, self._told_of(each)) for each in self._plan]
        more = sum(max(0, len(told) - _MOST_CURRENCIES) for _, told in whole)
        lines = _lines(whole)
        self.words.setText(_joined(whole, None if self.more_button.isChecked() else _MOST_CURRENCIES))
        self.words.setToolTip(plain_tooltip("\n".join(lines)) if lines else "")
        self.more_button.setText("Fewer" if self.more_button.isChecked() else f"+{more} more")
        self.more_button.setAccessibleName("Fewer sums" if self.more_button.isChecked() else f"{more} more sums")
        self.more_button.setVisible(more > 0)

    def _told_of(self, each: SumWords) -> list[str]:
        totals = sorted((self._sums or {}).get(each.column, ()), key=lambda total: total.currency)
        hides = self._look.hides_amounts
        tell = _with_title if each.title else _without_title
        if hides:
            return [sum_text(total.amount, total.currency, hides=True) for total in totals]
        return [tell(self._filled(total)) for total in totals]

    def _filled(self, total: Total) -> Total:
        decimals = self._decimals(total.currency) or 0
        return Total(total.currency, _filled(total.amount, decimals), _filled(total.completed, decimals))


def _filled(amount: Decimal, decimals: int) -> Decimal:
    """The same number with at least so many decimals; by its digits, so that nothing is rounded."""
    sign, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int) or -exponent >= decimals:
        return amount
    return Decimal((sign, digits + (0,) * (exponent + decimals), -decimals))


def _with_title(total: Total) -> str:
    told = sum_text(total.amount, total.currency)
    return told if total.completed == total.amount else f"{told} ({_completed(total)})"


def _without_title(total: Total) -> str:
    of_it = "all completed" if total.completed == total.amount else f"of it {_completed(total)}"
    return f"{sum_text(total.amount, total.currency)}, {of_it}"


def _completed(total: Total) -> str:
    return f"{amount(total.completed)} completed" if total.completed else "none completed"


def _joined(whole: Sequence[tuple[SumWords, list[str]]], most: int | None) -> str:
    return "  ·  ".join(
        f"{each.title} {'; '.join(told[:most])}" if each.title else "; ".join(told[:most])
        for each, told in whole
        if told
    )


def _lines(whole: Sequence[tuple[SumWords, list[str]]]) -> list[str]:
    return [f"{each.title} {line}".strip() for each, told in whole for line in told]
