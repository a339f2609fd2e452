"""The whole desk on a server whose lists are laid out byte by byte, and what an operator sees of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from lumedesk.domain.kinds import Kind
from lumedesk.models.table import STATUS
from lumedesk.views.theme import Scheme
from tests.support.clock import FakeClock
from tests.support.desk import AddressConnector
from tests.support.list_server import CREDENTIALS, ListServer
from tests.support.stage import Stage, settle, until

_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_IN_DETAIL = {Kind.WITHDRAWALS: "amount", Kind.DEPOSITS: "amount", Kind.TRADES: "sold", Kind.BENEFICIARIES: "nickname"}
ONE_ROW = "The server sent 1 row that can't be read; they are not shown here."

Seen = dict[str, str]


class DataDesk:
    """Window, session, mirror and network of one profile. `folder` may hold what an earlier one left."""

    def __init__(self, folder: Path, server: ListServer, clock: FakeClock) -> None:
        self.server = server
        self.clock = clock
        self.stage = Stage(folder, Scheme.LIGHT, AddressConnector(server.url, CREDENTIALS), clock)
        self.session, self.window = self.stage.session, self.stage.window
        self.window.show()
        settle()

    def serve(self, kind: Kind, *rows: bytes) -> None:
        """The server's list is this from now on, and the operator asks for it a minute later."""
        self.server.lay(kind, *rows)
        self.ask(kind)

    def serve_body(self, kind: Kind, body: bytes) -> None:
        """The same with a body that may be anything."""
        self.server.lay_body(kind, body)
        self.ask(kind)

    def ask(self, kind: Kind) -> None:
        self.clock.advance(60)
        self.session.refresh(kind)

    def sees(self, kind: Kind, cells: Seen, banner: str = "", column: str | None = None) -> None:
        """Wait until the page shows exactly these cells, by id, under a banner that begins so; fails by telling both."""
        self.window.go_to(kind)
        column = column or _IN_DETAIL[kind]

        def is_so() -> bool:
            told = self.banner(kind)
            return self.cells(kind, column) == cells and (told.startswith(banner) if banner else not told)

        try:
            until(is_so, "what the page should show")
        except AssertionError as error:
            shown = f"{self.cells(kind, column)} under {self.banner(kind)!r}"
            raise AssertionError(f"the page shows {shown} in place of {cells} under {banner!r}") from error

    def cells(self, kind: Kind, column: str) -> Seen:
        """A column's texts by id, from the top of the table to its end."""
        table = self.page(kind).table
        at = table.column_index(column)
        return {self._id(kind, row): str(table.index(row, at).data()) for row in range(table.rowCount())}

    def order(self, kind: Kind) -> list[str]:
        """The ids as they stand below each other, once all of them are known; how many they are is known before."""
        table = self.page(kind).table
        until(lambda: table.is_whole, "the whole order")
        return [self._id(kind, row) for row in range(table.rowCount())]

    def tooltip(self, kind: Kind, key: str, column: str) -> str:
        """What a cell says when it is pointed at."""
        return str(self._cell(kind, key, column, _TOOLTIP))

    def is_final(self, kind: Kind, key: str) -> bool:
        """Whether the pill in the table stands for an end."""
        return bool(self._cell(kind, key, "status", STATUS).is_final)

    def banner(self, kind: Kind) -> str:
        """What stands above the table; empty where nothing does."""
        trouble = self.page(kind).trouble
        return str(trouble.text()) if not trouble.isHidden() else ""

    def hears(self, *alerts: tuple[str, Kind, str]) -> None:
        """Wait until exactly these alerts are there, newest first: what happened, to which kind's record."""
        until(lambda: self.alerts() == list(alerts), f"the alerts {alerts}")

    def alerts(self) -> list[tuple[str, Kind, str]]:
        return [(alert.what, alert.kind, alert.key) for alert in self.told_alerts()]

    def told_alerts(self) -> list[Any]:
        return list(self._asked(lambda done: self.session.lookups.alerts(self.window, done)))

    def statuses_of(self, kind: Kind, key: str) -> list[str | None]:
        """Every status a record was seen in, oldest first."""
        found = self._asked(lambda done: self.session.lookups.history_of(kind, key, self.window, done))
        return [seen.status for seen in found]

    def audited(self, what: str) -> int:
        """How many lines of the audit log say so."""
        rows = self._asked(lambda done: self.session.movements.audit_rows(0, self.window, done))
        return sum(row.what == f"list: {what}" for row in rows)

    def marks(self, kind: Kind, key: str) -> list[str]:
        """What became of a record since it was listed: `gone`, `altered`."""
        row = self.page(kind).table.key(self.order(kind).index(key))
        stored = self.session.documents(kind, [row])[row]
        return [name for name in ("gone", "altered") if getattr(stored, f"{name}_at") is not None]

    def page(self, kind: Kind) -> Any:
        return self.window.pages[kind][0]

    def close(self) -> None:
        self.stage.close()

    def _asked(self, ask: Callable[[Callable[[Any], None]], object]) -> Any:
        answers: list[Any] = []
        ask(answers.append)
        until(lambda: answers, "an answer")
        return answers[0]

    def _id(self, kind: Kind, row: int) -> str:
        record = self.page(kind).table.record(row)
        return "" if record is None else str(kind.key(record))

    def _cell(self, kind: Kind, key: str, column: str, role: int) -> Any:
        table = self.page(kind).table
        return table.index(self.order(kind).index(key), table.column_index(column)).data(role)
