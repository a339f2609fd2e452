"""Loads PySide without what a program that makes no mistake never needs: half of what loading it takes.

PySide carries some Python modules as sources within a library, and compiles them at each start: what words its errors about
wrong arguments, what it writes its stubs by, what lets a program have Qt's names in snake case. Here they stay empty until
something of them is wanted. Made for PySide6 6.11; where it finds anything else, that is loaded as ever.
"""

import builtins
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any, SupportsIndex

from lumedesk.qt_enums import make_plainly, make_quickly

if TYPE_CHECKING:
    # To inherit from these would take 3 ms.
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec

_PACKAGE = "shibokensupport."
_SIGNATURE = f"{_PACKAGE}signature."
_FEATURE = f"{_PACKAGE}feature"
_MAPPING = f"{_SIGNATURE}mapping"
# PySide notes this when its parser is loaded, which is on another thread here, while Qt may be reading the environment.
_ENUMS = "PYSIDE6_OPTION_PYTHON_ENUM"
_ENUMS_USUAL = "True"
# What else comes with them is looked into by the library itself.
_LATE = {
    _FEATURE,
    _MAPPING,
    *(
        _SIGNATURE + name
        for name in ("errorhandler", "layout", "parser", "lib.enum_sig", "lib.pyi_generator", "lib.tool")
    ),
}


@contextmanager
def quick_qt() -> Iterator[None]:
    """While PySide is imported for the first time in this process; harmless at any other."""
    is_usual = os.environ.get(_ENUMS, _ENUMS_USUAL) == _ENUMS_USUAL
    try:
        with _loading_late() if is_usual and "PySide6" not in sys.modules else nullcontext():
            yield
    finally:
        _import_plainly()


def load_rest() -> None:
    """Load what was left out: from then on PySide is as it ever is. For whoever has time; takes 30 ms.

    Two threads that make a mistake at once, while this is still missing, would end the program.
    """
    for name in _LATE:
        wanted = vars(sys.modules[name]).get("__getattr__") if name in sys.modules else None
        if isinstance(wanted, _Late):
            wanted.fill()
    make_plainly()


@contextmanager
def _loading_late() -> Iterator[None]:
    os.environ[_ENUMS] = _ENUMS_USUAL
    setattr(sys, _ENUMS.lower(), True)
    make_quickly()
    before = sys.meta_path
    sys.meta_path = _OursFirst([_Finder(), *before])
    try:
        yield
    finally:
        before[:] = sys.meta_path[1:]
        sys.meta_path = before


def _import_plainly() -> None:
    """Take PySide's hook off `import`, which reads the source of every module that is imported after it.

    It looks for modules that want Qt's names in snake case; none of ours does. WORKAROUND(napari/napari#8584)
    """
    plain = getattr(builtins, "__orig_import__", None)
    if plain is not None and builtins.__import__ is getattr(builtins, "__feature_import__", None):
        builtins.__import__ = plain


class _OursFirst(list[Any]):
    """Finders of modules; the first stays so: PySide puts its own in front of all."""

    def insert(self, at: SupportsIndex, finder: Any) -> None:
        super().insert(max(int(at), 1), finder)


class _Finder:
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> "ModuleSpec | None":
        if name not in _LATE:
            return None
        found = (finder.find_spec(name, path, target) for finder in sys.meta_path[1:])
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Late(spec.loader)  # type: ignore[assignment] # a loader in all but its bases
        return spec


class _Late:
    """Leaves a module empty, and fills it by the loader that it has when anything of it is wanted."""

    # One for all: these modules import one another.
    _filling = threading.RLock()

    def __init__(self, loader: "Loader") -> None:
        self._loader = loader
        self._name = ""
        # None once it is filled.
        self._module: ModuleType | None = None
        self._there: dict[str, Any] = {}
        self._is_filling = False
        self._first_update = self._update

    def create_module(self, spec: "ModuleSpec") -> ModuleType | None:
        self._name = spec.name
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._module, self._there = module, vars(module)
        # Python calls this for a name that isn't there.
        self._there["__getattr__"] = self
        # These the library takes out of the module without asking for them.
        if self._name == _FEATURE:
            # What its hook calls before and after each import, for as long as it is there.
            self._there.update(feature_import=_pass, feature_imported=_pass)
        elif self._name == _MAPPING:
            # What it calls before it words an error, without holding on to it: to fill the module takes it out of there.
            self._there["update_mapping"] = self._first_update

    def __call__(self, name: str) -> Any:
        # Whoever looks through all modules looks for such names, and wants nothing of them.
        if not name.startswith("__") and name in (there := self.fill()):
            return there[name]
        raise AttributeError(f"module {self._name!r} has no attribute {name!r}")

    def _update(self) -> None:
        self.fill()["update_mapping"]()

    def fill(self) -> dict[str, Any]:
        """What is in the module, all of it unless it is being filled just now. What fails is tried again the next time."""
        with self._filling:
            module = self._module
            if module is not None and module.__spec__ is not None and not self._is_filling:
                spec, self._is_filling = module.__spec__, True
                # Meanwhile PySide has given it another name; its loader knows it by the first.
                shown, spec.name = spec.name, self._name
                try:
                    self._loader.exec_module(module)
                    self._module = None
                    self._there.pop("__getattr__", None)
                finally:
                    spec.name, self._is_filling = shown, False
            return self._there


def _pass(*_arguments: Any, **_named: Any) -> None:
    """The import is an ordinary one."""
