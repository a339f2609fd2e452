"""The gate of a profile before there is one: most starts need none, so its window is made when something is in the way."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lumedesk.views.gate import GateWindow


class Gateway:
    """Makes a profile's gate when it is first looked at."""

    def __init__(self, make: "Callable[[], GateWindow]") -> None:
        self._make = make
        self._made: GateWindow | None = None
        self._binders: list[Callable[[GateWindow], None]] = []

    @property
    def window(self) -> "GateWindow":
        """The gate; made now where it wasn't yet."""
        if self._made is None:
            self._made = self._make()
            for bind in self._binders:
                bind(self._made)
        return self._made

    @property
    def is_made(self) -> bool:
        """Whether there is a window."""
        return self._made is not None

    def bind(self, call: "Callable[[GateWindow], None]") -> None:
        """Have `call` connect what it wants to hear of the gate: now where there is one, or as soon as there is."""
        self._binders.append(call)
        if self._made is not None:
            call(self._made)

    def unbind(self, call: "Callable[[GateWindow], None]", disconnect: "Callable[[GateWindow], None]") -> None:
        """Take a binding back; `disconnect` undoes it on the window, where there is one."""
        self._binders.remove(call)
        if self._made is not None:
            disconnect(self._made)

    def hide(self) -> None:
        """Put the gate away."""
        if self._made is not None:
            self._made.hide()

    def discard(self) -> None:
        """Be done with it."""
        if self._made is not None:
            self._made.hide()
            self._made.deleteLater()
