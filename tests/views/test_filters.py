"""Filters above the histories, by keyboard and mouse: the panel, its chips, what is saved by name, and the sums below."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from lumedesk.domain.filters import HistoryFilter
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Total
from lumedesk.views.pages.histories import DepositsPage, TradesPage
from lumedesk.views.parts.filter_bar import FilterBar
from lumedesk.views.parts.filter_words import told_of
from lumedesk.views.parts.sums import SumsLine
from lumedesk.views.parts.text import Label
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.engine import Engine
from lumedesk.work.saved_filters import SavedFilters
from tests.support.clock import FakeClock
from tests.support.names import focusable, repeated, spoken
from tests.support.stage import settle, until

TODAY = date(2026, 5, 11)
ENTER, TAB, SPACE, ESCAPE, DOWN = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Space,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Down,
)
STATUSES = ["COMPLETED", "FAILED", "PENDING"]
PAIRS = ["BTC/USD", "USDT/ZAR"]


@dataclass
class Shown:
    """A bar in a window of its own, and all that it said."""

    window: QWidget
    bar: FilterBar
    saved: SavedFilters
    look: Look
    said: list[HistoryFilter] = field(default_factory=list)

    def chips(self) -> list[str]:
        return [chip.told.text for chip in self.bar.chips.chips]

    def open_panel(self) -> None:
        QTest.mouseClick(self.bar.open_button, Qt.MouseButton.LeftButton)
        settle()
        assert self.bar.panel.isVisible()

    def apply(self, each: HistoryFilter) -> None:
        self.bar.show_filter(each)
        settle()


Show = Callable[..., Shown]


@pytest.fixture(autouse=True)
def _locale() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale("en_US"))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    look = Look(qapp, Scheme.LIGHT)
    yield look
    look.deleteLater()
    settle()


@pytest.fixture
def show(look: Look, engine: Engine, clock: FakeClock, tmp_path: Path) -> Iterator[Show]:
    """Shows a bar; what is saved lies in one file for all of them."""
    shown: list[Shown] = []

    def make(*, view_only: bool = False) -> Shown:
        window = QWidget()
        saved = SavedFilters(tmp_path / "filters.json", clock, engine, view_only=view_only, parent=window)
        bar = FilterBar("trades-filter", Kind.TRADES, TradesPage.plan, saved, look, lambda: TODAY)
        column = QVBoxLayout(window)
        column.addWidget(bar.open_button)
        column.addWidget(bar.saved_chooser)
        column.addWidget(bar)
        column.addStretch(1)
        bar.panel.offer("status", STATUSES)
        bar.panel.offer("pair", PAIRS)
        made = Shown(window, bar, saved, look)
        bar.changed.connect(made.said.append)
        shown.append(made)
        window.resize(1000, 500)
        window.show()
        window.activateWindow()
        until(window.isActiveWindow, "the window to come to the front")
        return made

    yield make
    for each in shown:
        each.window.close()
        each.window.deleteLater()
    settle()


def at() -> str:
    focus = QApplication.focusWidget()
    return focus.objectName() if focus is not None else ""


def press(*keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(QApplication.focusWidget(), key)
        settle()


def write(text: str) -> None:
    QTest.keyClicks(QApplication.focusWidget(), text)


def tab_to(name: str) -> None:
    for _ in range(30):
        if at() == name:
            return
        press(TAB)
    raise AssertionError(f"Tab doesn't lead to {name}")


def total(currency: str, amount: str, completed: str | None = None) -> Total:
    return Total(currency, Decimal(amount), Decimal(completed or amount))


# The panel


def test_a_filter_is_set_from_the_keyboard_alone(show: Show) -> None:
    shown = show()
    tab_to("trades-filter-open")
    press(SPACE)
    assert at() == "trades-filter-status"
    press(SPACE, DOWN, DOWN, SPACE)
    tab_to("trades-filter-pair")
    write("usdt")
    press(SPACE)
    tab_to("trades-filter-first-day")
    write("2026-05-01")
    press(ENTER)
    tab_to("trades-filter-least")
    write("1,500.5")
    press(TAB)
    wanted = (
        HistoryFilter()
        .with_values("status", ["COMPLETED", "PENDING"])
        .with_values("pair", ["USDT/ZAR"])
        .with_days(date(2026, 5, 1), None)
        .with_amount("from_amount", Decimal("1500.5"), None)
    )
    assert shown.said[-1] == shown.bar.filter == wanted
    assert len(shown.said) == 5
    tab_to("trades-filter-done")
    press(SPACE)
    assert not shown.bar.panel.isVisible()
    assert at() == "trades-filter-open"
    assert shown.bar.open_button.text() == "Filter (4)"


def test_a_click_beside_the_box_ticks_too(show: Show) -> None:
    shown = show()
    shown.open_panel()
    values = shown.bar.panel.lists["status"]
    spot = values.visualItemRect(values.item(1)).center()
    QTest.mouseClick(values.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert shown.said[-1].values("status") == ("FAILED",)
    box = QPoint(values.visualItemRect(values.item(1)).left() + 12, spot.y())
    QTest.mouseClick(values.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert shown.said[-1].is_empty


def test_values_that_no_longer_occur_can_be_unticked(show: Show) -> None:
    shown = show()
    shown.apply(HistoryFilter().with_values("status", ["REVERSED", "COMPLETED"]))
    shown.open_panel()
    values = shown.bar.panel.lists["status"]
    assert [values.item(row).text() for row in range(values.count())] == ["Completed", "Failed", "Pending", "Reversed"]
    assert values.values() == ["COMPLETED", "REVERSED"]
    values.setCurrentRow(3)
    shown.bar.panel.offer("status", ["COMPLETED", "PENDING", "PROCESSING"])
    assert values.currentItem().text() == "Reversed"
    press(SPACE)
    assert shown.said == [HistoryFilter().with_values("status", ["COMPLETED"])]


@pytest.mark.parametrize(
    ("keys", "first", "last"),
    [(1, TODAY, TODAY), (3, date(2026, 5, 5), TODAY), (6, date(2026, 4, 1), date(2026, 4, 30))],
)
def test_periods_fill_in_the_days(show: Show, keys: int, first: date, last: date) -> None:
    shown = show()
    shown.open_panel()
    tab_to("trades-filter-period")
    press(*[DOWN] * keys)
    assert (shown.said[-1].first_day, shown.said[-1].last_day) == (first, last)
    panel = shown.bar.panel
    assert (panel.first_day.text(), panel.last_day.text()) == (first.isoformat(), last.isoformat())


def test_days_of_one_s_own_follow_the_periods(show: Show) -> None:
    shown = show()
    shown.open_panel()
    tab_to("trades-filter-period")
    press(*[DOWN] * 8)
    assert at() == "trades-filter-first-day"
    QApplication.focusWidget().selectAll()  # type: ignore[union-attr]
    write("2026-05-02")
    press(ENTER)
    assert shown.said[-1].first_day == date(2026, 5, 2)
    assert shown.bar.panel.period.currentText() == "These days"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("first-day", "1.5.2026", "First day: Write the day as year-month-day: 2026-05-11."),
        ("last-day", "2026-02-30", "Last day: There is no 2026-02-30 in the calendar."),
        ("last-day", "2025-12-31", "The last day is before the first one."),
        ("least", "-5", "Lowest amount: Write the amount without a sign in front of it."),
        ("most", "lots", "Highest amount: “l” doesn't belong"),
        ("most", "1", "The highest amount is below the lowest one."),
        ("most", "1.234", "could mean 1.234 or 1234"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_last_good_filter_stays(
    show: Show, name: str, text: str, problem: str
) -> None:
    shown = show()
    good = (
        HistoryFilter()
        .with_days(date(2026, 5, 1), date(2026, 5, 31))
        .with_amount("to_amount", Decimal("5.125"), Decimal(9))
    )
    shown.apply(good)
    shown.open_panel()
    tab_to(f"trades-filter-{name}")
    entry = QApplication.focusWidget()
    entry.selectAll()  # type: ignore[union-attr]
    write(text)
    press(ENTER)
    panel = shown.bar.panel
    label = panel.days_problem if name.endswith("day") else panel.amount_problem
    assert label.isVisible()
    assert problem in label.text()
    assert entry is not None
    assert entry.accessibleDescription() == label.text()
    assert (shown.bar.filter, shown.said) == (good, [])
    press(ESCAPE)
    shown.bar.step_back()
    shown.open_panel()
    assert not label.isVisible()
    assert (panel.least.text(), panel.most.text(), panel.first_day.text()) == ("5.125", "9", "2026-05-01")


def test_an_amount_that_was_set_is_not_read_anew(show: Show) -> None:
    shown = show()
    exact = HistoryFilter().with_amount("from_amount", Decimal("1.234"), None)
    shown.apply(exact)
    shown.open_panel()
    tab_to("trades-filter-least")
    press(ENTER)
    assert not shown.bar.panel.amount_problem.isVisible()
    tab_to("trades-filter-most")
    write("2")
    press(ENTER)
    assert shown.said == [exact.with_amount("from_amount", Decimal("1.234"), Decimal(2))]


def test_the_other_amount_is_meant(show: Show) -> None:
    shown = show()
    shown.apply(HistoryFilter().with_amount("from_amount", Decimal(5), None))
    shown.open_panel()
    tab_to("trades-filter-amount")
    press(DOWN)
    assert shown.said == [HistoryFilter().with_amount("to_amount", Decimal(5), None)]


def test_deposits_have_one_amount(look: Look) -> None:
    assert [column for column, _ in DepositsPage.plan.amounts] == ["amount"]
    assert [facet.column for facet in DepositsPage.plan.facets] == ["status", "currency"]


# Chips

FULL = (
    HistoryFilter("acme")
    .with_values("status", STATUSES)
    .with_values("pair", ["USDT/ZAR"])
    .with_days(date(2026, 5, 1), None)
    .with_amount("to_amount", Decimal("1500.00"), Decimal(20000))
)


def test_each_thing_in_force_is_a_chip(show: Show) -> None:
    shown = show()
    assert not shown.bar.isVisible()
    shown.apply(FULL)
    assert shown.chips() == [
        "Status: Completed, Failed or Pending",
        "Pair: USDT → ZAR",
        "Created since 2026-05-01",
        "Bought 1,500.00 to 20,000",
    ]
    assert spoken(shown.bar.chips.chips[1]) == "Pair: USDT → ZAR. Remove this filter"


@pytest.mark.parametrize(
    ("each", "text"),
    [
        (HistoryFilter().with_days(None, TODAY), "Created until 2026-05-11"),
        (HistoryFilter().with_days(TODAY, TODAY), "Created on 2026-05-11"),
        (HistoryFilter().with_days(date(2026, 5, 1), TODAY), "Created 2026-05-01 to 2026-05-11"),
        (HistoryFilter().with_amount("from_amount", None, Decimal("0.10")), "Sold at most 0.10"),
        (HistoryFilter().with_amount("from_amount", Decimal("0.10"), Decimal("0.1")), "Sold exactly 0.10"),
        (HistoryFilter().with_values("status", ["WEIRD\u202e"]), "Status: WEIRD⟨U+202E⟩"),
    ],
)
def test_chips_in_words(each: HistoryFilter, text: str) -> None:
    assert [told.text for told in told_of(each, TradesPage.plan)] == [text]


def test_hidden_amounts_are_hidden_in_chips(show: Show) -> None:
    shown = show()
    shown.apply(FULL)
    shown.look.hide_amounts(hidden=True)
    assert shown.chips()[-1] == "Bought ••••• to •••••"
    same = FULL.with_amount("to_amount", Decimal(7), Decimal(7))
    assert told_of(same, TradesPage.plan, hides=True)[-1].text == "Bought ••••• to •••••"
    shown.look.hide_amounts(hidden=False)
    assert shown.chips()[-1] == "Bought 1,500.00 to 20,000"


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace, SPACE, ENTER])
def test_a_key_takes_a_chip_away_and_the_next_one_has_the_keyboard(show: Show, key: Qt.Key) -> None:
    shown = show()
    shown.apply(FULL)
    tab_to("trades-filter-chips-pair")
    press(key)
    assert shown.said == [FULL.with_values("pair", [])]
    assert at() == "trades-filter-chips-days"
    press(key, key, key)
    assert shown.said[-1] == HistoryFilter("acme")
    assert at() == "trades-filter-open"
    assert not shown.bar.chips.isVisible()


def test_a_click_takes_a_chip_away(show: Show) -> None:
    shown = show()
    shown.apply(FULL)
    QTest.mouseClick(shown.bar.chips.chips[0], Qt.MouseButton.LeftButton)
    assert shown.said == [FULL.with_values("status", [])]


def test_all_chips_go_at_once(show: Show) -> None:
    shown = show()
    shown.apply(FULL)
    QTest.mouseClick(shown.bar.clear_button, Qt.MouseButton.LeftButton)
    assert shown.said == [HistoryFilter()]
    settle()
    assert not shown.bar.isVisible()


def test_an_ampersand_in_a_value_is_no_shortcut(show: Show) -> None:
    shown = show()
    shown.apply(HistoryFilter().with_values("pair", ["A&B/ZAR"]))
    [chip] = shown.bar.chips.chips
    assert chip.text() == "Pair: A&&B → ZAR"
    assert chip.shortcut().isEmpty()


def test_chips_go_on_in_the_next_line(show: Show) -> None:
    shown = show()
    shown.apply(FULL)
    first, last = shown.bar.chips.chips[0], shown.bar.save_button
    shown.window.resize(1400, 500)
    settle()
    assert first.y() == last.y()
    shown.window.resize(700, 500)
    settle()
    assert last.y() > first.y()
    assert last.geometry().bottom() < shown.bar.chips.height()
    assert all(chip.geometry().right() <= shown.bar.chips.width() for chip in shown.bar.chips.chips)


# What is saved by name


def save_as(shown: Shown, name: str) -> None:
    tab_to("trades-filter-save-as")
    press(SPACE)
    assert at() == "trades-filter-saving-name"
    QApplication.focusWidget().selectAll()  # type: ignore[union-attr]
    write(name)


def test_a_filter_is_saved_applied_and_deleted(show: Show) -> None:
    shown = show()
    assert not shown.bar.saved_chooser.isVisible()
    shown.apply(FULL)
    save_as(shown, " Rand  in May ")
    press(ENTER)
    until(lambda: shown.saved.of(Kind.TRADES), "the filter to be saved")
    assert dict(shown.saved.of(Kind.TRADES)) == {"Rand in May": FULL}
    assert dict(shown.saved.of(Kind.DEPOSITS)) == {}
    until(lambda: not shown.bar.form.isVisible(), "the form to go")
    assert shown.bar.saved_chooser.currentText() == "Rand in May"
    shown.bar.clear_button.click()
    assert shown.bar.saved_chooser.currentText() == "Saved filters"
    again = show()
    shown.window.hide()
    again.bar.saved_chooser.setFocus()
    press(DOWN)
    assert again.said == [FULL]
    tab_to("trades-filter-delete")
    press(SPACE)
    until(lambda: not again.saved.of(Kind.TRADES), "the filter to be deleted")
    settle()
    assert again.bar.filter == FULL
    assert not again.bar.saved_chooser.isVisible()
    assert at() == "trades-filter-save-as"


def test_an_altered_filter_replaces_the_one_of_its_name(show: Show) -> None:
    shown = show()
    shown.apply(FULL)
    save_as(shown, "May")
    press(ENTER)
    until(lambda: not shown.bar.form.isVisible(), "the filter to be saved")
    assert not shown.bar.save_button.isVisible()
    tab_to("trades-filter-chips-pair")
    press(Qt.Key.Key_Delete)
    tab_to("trades-filter-save-as")
    press(SPACE)
    assert shown.bar.form.name.text() == "May"
    assert shown.bar.form.save_button.text() == "Replace"
    write("Other")
    assert shown.bar.form.save_button.text() == "Save"
    QApplication.focusWidget().selectAll()  # type: ignore[union-attr]
    write("May")
    press(ENTER)
    until(lambda: not shown.bar.form.isVisible(), "the filter to be replaced")
    assert dict(shown.saved.of(Kind.TRADES)) == {"May": FULL.with_values("pair", [])}


def test_a_name_that_is_none_is_asked_for_again(show: Show) -> None:
    shown = show()
    shown.apply(FULL)
    save_as(shown, "   ")
    press(ENTER)
    assert shown.bar.form.problem.text() == "Give the filter a name."
    write("x")
    assert not shown.bar.form.problem.isVisible()
    assert shown.bar.step_back()
    assert not shown.bar.form.isVisible()
    assert at() == "trades-filter-save-as"
    assert not shown.saved.of(Kind.TRADES)


def test_what_cannot_be_saved_is_said(show: Show) -> None:
    shown = show(view_only=True)
    shown.apply(FULL)
    save_as(shown, "May")
    press(ENTER)
    until(lambda: shown.bar.form.problem.isVisible(), "the reason")
    assert "Another LumeDesk has this profile open." in shown.bar.form.problem.text()
    assert shown.bar.form.save_button.isEnabled()
    assert not shown.saved.of(Kind.TRADES)


def test_saved_filters_that_cannot_be_read_are_told_in_the_panel(show: Show, tmp_path: Path) -> None:
    (tmp_path / "filters.json").write_text("{")
    shown = show()
    assert not shown.bar.trouble.isVisible()
    shown.open_panel()
    assert shown.bar.trouble.isVisible()
    assert "can't be read" in shown.bar.trouble.text()


def test_escape_puts_away_only_what_the_keyboard_is_in(show: Show) -> None:
    shown = show()
    assert not shown.bar.step_back()
    shown.open_panel()
    assert shown.bar.step_back()
    assert not shown.bar.panel.isVisible()
    assert not shown.bar.step_back()


def test_every_control_of_the_bar_has_its_own_name_and_a_spoken_one(show: Show) -> None:
    shown = show()
    shown.apply(FULL)
    shown.open_panel()
    shown.bar.form.ask("May")
    controls = focusable(shown.window)
    assert len(controls) > 18
    assert [type(each).__name__ for each in controls if not each.objectName()] == []
    assert [each.objectName() for each in controls if not spoken(each)] == []
    assert repeated(shown.window) == {}


# Sums


@pytest.fixture
def foot(look: Look) -> Iterator[SumsLine]:
    foot = SumsLine("trades", TradesPage.sums, Label("12 of 48 trades"), look)
    foot.show()
    yield foot
    foot.close()
    foot.deleteLater()
    settle()


def test_sums_by_currency(foot: SumsLine) -> None:
    foot.show_sums(
        {
            "from_amount": (total("USDT", "1500.00", "1200.00"), total("BTC", "0.50000000")),
            "to_amount": (total("ZAR", "27300.00", "0"),),
        }
    )
    assert foot.words.text() == (
        "Sold 0.50000000 BTC; 1,500.00 USDT (1,200.00 completed)  ·  Bought 27,300.00 ZAR (none completed)"
    )
    assert not foot.more_button.isVisible()
    foot.show_pending()
    assert foot.words.text() == "adding up…"
    assert foot.words.toolTip() == ""
    foot.show_nothing()
    assert foot.words.text() == ""


def test_sums_of_transfers_say_what_of_them_is_completed(look: Look) -> None:
    foot = SumsLine("deposits", DepositsPage.sums, Label(), look)
    foot.show_sums({"amount": (total("ZAR", "1500.00", "1200.00"), total("EUR", "1.0", "1.00")), "fee": ()})
    assert foot.words.text() == "1.0 EUR, all completed; 1,500.00 ZAR, of it 1,200.00 completed"
    foot.deleteLater()


def test_sums_have_at_least_the_decimals_of_their_currency(look: Look) -> None:
    foot = SumsLine("deposits", DepositsPage.sums, Label(), look, {"ZAR": 2, "JPY": 0, "BTC": 8}.get)
    exact = "123456789012345678901234567890123456789"
    totals = (total("ZAR", exact, "1.5"), total("JPY", "1E+3"), total("BTC", "0.1"), total("XXX", "7"))
    foot.show_sums({"amount": (*totals, total("ZAR", "1.005"))})
    foot.more_button.click()
    assert foot.words.text().split("; ") == [
        "0.10000000 BTC, all completed",
        "1,000 JPY, all completed",
        "7 XXX, all completed",
        "123,456,789,012,345,678,901,234,567,890,123,456,789.00 ZAR, of it 1.50 completed",
        "1.005 ZAR, all completed",
    ]
    foot.deleteLater()


def test_of_many_currencies_the_rest_is_told_on_demand(foot: SumsLine) -> None:
    codes = ["AUD", "BTC", "CHF", "DKK", "EUR"]
    foot.show_sums({"from_amount": [total(code, "1.5") for code in reversed(codes)]})
    assert foot.words.text() == "Sold 1.5 AUD; 1.5 BTC; 1.5 CHF"
    assert all(code in foot.words.toolTip() for code in codes)
    assert foot.more_button.text() == "+2 more"
    QTest.mouseClick(foot.more_button, Qt.MouseButton.LeftButton)
    assert foot.words.text() == "Sold 1.5 AUD; 1.5 BTC; 1.5 CHF; 1.5 DKK; 1.5 EUR"
    assert foot.more_button.text() == "Fewer"
    foot.show_sums({"from_amount": [total("AUD", "1.5")]})
    assert not foot.more_button.isVisible()


def test_hidden_amounts_are_hidden_in_sums(foot: SumsLine, look: Look) -> None:
    foot.show_sums({"from_amount": (total("USDT", "1500.00", "1200.00"),)})
    look.hide_amounts(hidden=True)
    assert foot.words.text() == "Sold ••••• USDT"
    assert "1" not in foot.words.toolTip().split(">", 1)[1]
    look.hide_amounts(hidden=False)
    assert foot.words.text() == "Sold 1,500.00 USDT (1,200.00 completed)"
