"""Hidden amounts in models, fields and sentences: dots for every role, and order, filter and selection as they were."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, Qt

from lumedesk.domain.audit import AuditRow
from lumedesk.domain.details import DOTS, Field, fields_of, summary_of, veiled
from lumedesk.domain.intents import Ground, State, Step
from lumedesk.domain.kinds import Kind
from lumedesk.models.audit import AuditTable, fact_fields, facts_of
from lumedesk.models.holdings import AccountsTable
from lumedesk.models.movements import CandidatesTable, step_text
from lumedesk.models.payees import PayeesTable, payees
from lumedesk.models.table import AMOUNT, COPY, DISPLAY, RECORD
from lumedesk.models.texts import sum_field
from lumedesk.models.trades import TradesTable
from lumedesk.store.mirror import Mirror
from tests.models.conftest import DirectSource, Watch
from tests.support.builders import a_beneficiary, a_trade, a_withdrawal, an_account
from tests.support.intents import REFUSED
from tests.support.mirrors import write

TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)


def roles(table: Any, row: int, name: str) -> tuple[Any, ...]:
    index = table.index(row, table.column_index(name))
    return tuple(index.data(role) for role in (DISPLAY, COPY, TOOLTIP, AMOUNT, ACCESSIBLE))


def test_every_amount_answers_alike_in_every_role(qapp: object, watched: Watch) -> None:
    table = watched(AccountsTable())
    amounts = ("0.00", "0.00000001", "-5", "123456789012.34")
    table.set_records([an_account(balance=Decimal(amount)) for amount in amounts])  # type: ignore[attr-defined]
    shown = [roles(table, row, "available") for row in range(4)]
    assert len(set(shown)) == 4
    table.hide_amounts(hidden=True)
    hidden = {roles(table, row, "available") for row in range(4)}
    assert len(hidden) == 1
    display, copy, tooltip, amount, _ = hidden.pop()
    assert (display, copy, amount) == (DOTS, DOTS, None)
    assert DOTS in tooltip
    assert roles(table, 0, "currency")[0] == "ZAR"
    table.hide_amounts(hidden=False)
    assert [roles(table, row, "available") for row in range(4)] == shown


def test_what_is_not_known_stays_a_dash(qapp: object) -> None:
    table = AccountsTable()
    table.set_records([an_account(balance=None)])
    shown = roles(table, 0, "available")
    table.hide_amounts(hidden=True)
    assert roles(table, 0, "available") == shown
    assert shown[0] == "–"


def test_order_filter_and_selection_stay(qapp: object, watched: Watch) -> None:
    table = watched(AccountsTable())
    table.set_records([an_account(id=str(at), balance=Decimal(at)) for at in (3, 1, 2)])  # type: ignore[attr-defined]
    table.sort(table.column_index("available"))
    selection = QItemSelectionModel(table)
    flags = QItemSelectionModel.SelectionFlag
    selection.setCurrentIndex(table.index(1, 0), flags.Select | flags.Rows)
    told: list[Any] = []
    table.dataChanged.connect(lambda first, last: told.append((first.row(), first.column(), last.row(), last.column())))
    for signal in (table.modelReset, table.layoutChanged, table.rowsInserted, table.rowsRemoved, table.rowsMoved):
        signal.connect(lambda *_: told.append("more than repainting"))
    table.hide_amounts(hidden=True)
    table.hide_amounts(hidden=True)
    assert told == [(0, 0, 2, 4)], "once, and all cells"
    assert [table.index(row, 0).data(RECORD).id for row in range(3)] == ["1", "2", "3"]
    assert [index.data(RECORD).id for index in selection.selectedRows()] == ["2"]
    assert selection.currentIndex().row() == 1
    table.sort(table.column_index("available"), Qt.SortOrder.DescendingOrder)
    assert [table.index(row, 0).data(RECORD).id for row in range(3)] == ["3", "2", "1"]
    table.search("2")  # type: ignore[attr-defined]
    assert table.rowCount() == 1
    table.search(DOTS)  # type: ignore[attr-defined]
    assert table.rowCount() == 0


def test_an_empty_table_has_nothing_to_repaint(qapp: object, watched: Watch) -> None:
    table = watched(AccountsTable())
    told: list[Any] = []
    table.dataChanged.connect(lambda *_: told.append(True))
    table.hide_amounts(hidden=True)
    assert told == []
    table.set_records([an_account()])  # type: ignore[attr-defined]
    assert roles(table, 0, "total")[0] == DOTS, "rows that come later are hidden too"


def test_a_history_hides_its_amounts_and_the_rate_in_the_tooltip(
    qapp: object, mirror: Mirror, source: DirectSource, watched: Watch
) -> None:
    write(mirror, Kind.TRADES, [a_trade(rate=Decimal("18.4"))])
    table = TradesTable(source)
    watched(table)
    table.ask()
    assert "18.4" in roles(table, 0, "rate")[2]
    table.hide_amounts(hidden=True)
    for name in ("sold", "bought", "rate"):
        display, copy, tooltip, amount, _ = roles(table, 0, name)
        assert (display, copy, amount) == (DOTS, DOTS, None)
        assert not any(char.isdigit() for char in tooltip)
    assert table.index(0, 0).data(RECORD).from_amount == 100, "whoever asks for the record itself gets it"


def test_cells_that_tell_an_amount_among_other_things_keep_the_rest(qapp: object) -> None:
    candidates = CandidatesTable()
    candidates.set_records([a_trade(to_amount=Decimal(1840)), a_withdrawal()])
    candidates.hide_amounts(hidden=True)
    assert roles(candidates, 0, "about")[:2] == (f"{DOTS} ZAR", f"{DOTS} ZAR")
    assert roles(candidates, 1, "about")[0] == "Nedbank · 1147720093"
    beneficiary = a_beneficiary()
    paid = a_withdrawal(
        amount=Decimal(777), withdraw_details=beneficiary.withdraw_form_details, created_at="2020-05-11T10:15:30Z"
    )
    table = PayeesTable()
    table.set_payees(payees([beneficiary], [paid]))
    assert "777" in roles(table, 0, "last")[0]
    table.hide_amounts(hidden=True)
    assert roles(table, 0, "last")[0] == f"{DOTS} · 11 May 2020"


@pytest.mark.parametrize(
    ("details", "hidden"),
    [
        ({"feeAmount": 500}, {"Fee amount": DOTS}),
        ({"fees": "500"}, {"Fees": DOTS}),
        ({"minimum": {"usd": 5, "zar": "9"}}, {"USD": DOTS, "Usd": DOTS, "Zar": DOTS}),
        ({"balance": [1, "2"]}, {"Balance 1": DOTS, "Balance 2": DOTS}),
        ({"other": Decimal("1.5")}, {"Other": DOTS}),
        ({"accountNumber": 62847719203, "address": "bc1q9", "rate": None, "limits": {}}, {}),
    ],
)
def test_free_form_details_hide_what_their_names_call_an_amount(details: Any, hidden: dict[str, str]) -> None:
    valued = [field for field in fields_of(details) if field.value is not None]
    assert valued
    for field in valued:
        assert field.told(hides=False) == field.value
        assert field.told(hides=True) == hidden.get(field.label, field.value), field


def test_what_is_nested_too_deep_for_lines_is_hidden_whole() -> None:
    value: Any = ["12345"]
    for _ in range(14):
        value = {"a": value}
    assert fields_of(value)[-1].told(hides=True) == DOTS


@pytest.mark.parametrize(
    ("details", "summary"),
    [
        ({"bankName": "Nedbank", "amount": "500"}, "Nedbank"),
        ({"reference": "ab12", "amount": "500"}, f"ab12 · {DOTS}"),
        ([Decimal(500)], DOTS),
        (Decimal(500), DOTS),
        (None, "–"),
    ],
)
def test_a_summary_hides_them_too(details: Any, summary: str) -> None:
    assert summary_of(details, hides=True) == summary


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The server took too long.", "The server took too long."),
        ("Refused. That is more than 5 million. Try less.", f"Refused. {DOTS}. Try less."),
        ("Balance: 1,234.50 ZAR", f"Balance: {DOTS}"),
        ("100 USDT", DOTS),
        ("½ of it! Why?", f"{DOTS}! Why?"),
        ("٣٤٥ ريال", DOTS),
        ("Fee → 12 · Free", f"Fee → {DOTS} · Free"),
        ("one\ntwo 2\nthree", f"one\n{DOTS}\nthree"),
        ("", ""),
    ],
)
def test_parts_of_sentences_with_figures_are_hidden_whole(text: str, left: str) -> None:
    assert veiled(text) == left


@given(st.text())
def test_no_figure_is_left_in_any_text(text: str) -> None:
    assert not any(char.isnumeric() for char in veiled(text))


def an_audit_row(facts: dict[str, Any]) -> AuditRow:
    return AuditRow(1, "2026-05-11T10:15:30+00:00", "armed", "uuid-1", facts, "00" * 32)


def test_facts_keep_ids_and_hide_whatever_else_has_figures(qapp: object) -> None:
    row = an_audit_row(
        {
            "terms": {"type": "withdrawal", "beneficiary_id": "ben_1", "amount": "777.10", "details": {"iban": "DE12"}},
            "typed": "777.1",
            "checks": [{"check": "Balance", "words": "Leaves 777 ZAR. Read just now."}],
            "sell": "777 USDT",
            "http_status": 422,
            "thought of later": "777",
        }
    )
    told = facts_of(row, hides=True)
    assert "777" in facts_of(row)
    assert "777" not in told
    for kept in ("ben_1", "DE12", "Http status: 422", "Check: Balance", "Read just now."):
        assert kept in told, told
    assert f"Words: {DOTS}. Read just now." in told
    assert all(field.told(hides=False) == field.value for field in fact_fields(row))
    table = AuditTable()
    table.set_records([row])
    table.hide_amounts(hidden=True)
    assert all("777" not in str(each) for each in roles(table, 0, "facts"))
    table.search("777.10")
    assert table.rowCount() == 1


def test_a_step_keeps_its_state_and_its_candidates() -> None:
    step = Step(State.LIKELY, Ground.LISTS, "One row of 777 ZAR. It looks alike.", candidates=("wdl_777",))
    assert step_text(step) == "Likely executed: One row of 777 ZAR. It looks alike. (wdl_777)"
    assert step_text(step, hides=True) == f"Likely executed: {DOTS}. It looks alike. (wdl_777)"
    assert step_text(REFUSED, hides=True) == "Refused: no"


def test_a_sum_keeps_its_currency() -> None:
    field = sum_field("Amount", Decimal("1234.5"), "ZAR")
    assert (field.told(hides=False), field.told(hides=True)) == ("1,234.5 ZAR", f"{DOTS} ZAR")
    assert sum_field("Amount", None, "ZAR").told(hides=True) == "– ZAR"
    assert Field("Steps", None).told(hides=True) is None
