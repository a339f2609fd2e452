"""Looks for garbage on the window's thread alone."""

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1_000


class Sweeper(QObject):
    """Python's own search for garbage is off from its making on, and made here instead, between two events of the window.

    Python makes that search on whatever thread happens to want memory, and takes apart there what it finds. A widget that
    is taken apart on any thread but the window's ends the program, in the midst of whatever it is doing.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def keep(self) -> None:
        """The window is there: what was made for it stays until the next one is, so that no search goes through it all.

        With all of Qt's wrappers in it such a search would stall the window for 20 to 80 ms.
        """
        # What was kept for another profile's window may be garbage by now.
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Look no longer."""
        self._timer.stop()

    def look(self) -> None:
        """Search where enough was made since the last time, by Python's own measure. On the window's thread."""
        for generation, (made, most) in reversed(list(enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)))):
            if made > most:
                gc.collect(generation)
                return
