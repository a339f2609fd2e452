"""`--probe`: the program checks that it is whole and works on this computer, and says what it found, a line for each part.

It touches nothing of the operator's: its files lie in a temporary folder, and the keychain is only looked for.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from lumedesk import __version__
from lumedesk.probing.findings import Failed, Finding, State

EXIT_FAILED = 1


def main(report: Path | None = None, platform: str = "") -> int:
    """Check everything, and print what was found; into the file `report` as well, if there is one. Shape: the exit code.

    `platform` is the one of Qt to paint on; empty for the usual one. Each line is there before the next check begins: what
    ends the whole process doesn't take with it what was found before.
    """
    with ExitStack() as files:
        # A windowed program on Windows may have no output to print to.
        outputs: list[TextIO] = list(filter(None, [sys.stdout]))
        if report is not None:
            outputs.append(files.enter_context(report.open("w", encoding="utf-8")))
        _tell(outputs, f"LumeDesk {__version__} checks itself: {_where()}")
        failed = 0
        for finding in findings(platform):
            _tell(outputs, f"{finding.state.value:<7} {finding.what:<10} {finding.words}")
            failed += finding.state is State.FAILED
        _tell(outputs, f"{failed} of these checks FAILED." if failed else "Everything that was checked works.")
    return EXIT_FAILED if failed else 0


def findings(platform: str = "") -> Iterator[Finding]:
    """Check part by part. Shape: at least one finding for each; nothing is raised."""
    parts: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("imports", _imports),
        ("resources", _resources),
        ("store", _store),
        ("keychain", _keychain),
        ("TLS", _tls),
        ("sandbox", _sandbox),
        # Last: where Qt can't show a window, it ends the process.
        ("Qt", lambda: _qt(platform)),
    )
    for what, check in parts:
        try:
            yield from check()
        except Failed as failure:
            yield Finding(State.FAILED, what, str(failure))
        except Exception as error:  # noqa: BLE001 - whatever it is, the part doesn't work
            yield Finding(State.FAILED, what, f"{type(error).__name__}: {error}")


# Each is loaded when it is its turn: what can't even be imported is a finding too.


def _imports() -> Iterator[Finding]:
    from lumedesk.probing import contents

    return contents.imports()


def _resources() -> Iterator[Finding]:
    from lumedesk.probing import contents

    return contents.resources()


def _store() -> Iterator[Finding]:
    from lumedesk.probing import keeping

    return keeping.store()


def _keychain() -> Iterator[Finding]:
    from lumedesk.probing import keeping

    return keeping.keychain()


def _tls() -> Iterator[Finding]:
    from lumedesk.probing import reaching

    return reaching.tls()


def _sandbox() -> Iterator[Finding]:
    from lumedesk.probing import reaching

    return reaching.sandbox()


def _qt(platform: str) -> Iterator[Finding]:
    from lumedesk.probing import painting

    return painting.qt(platform)


def _where() -> str:
    python = "{}.{}.{}".format(*sys.version_info)
    kind = "frozen" if getattr(sys, "frozen", False) else "from its source"
    return f"{kind}, Python {python}, {sys.platform}"


def _tell(outputs: list[TextIO], line: str) -> None:
    for output in outputs:
        # Consoles of other code pages can't show each character.
        encoding = output.encoding or "ascii"
        output.write(" ".join(line.splitlines()).encode(encoding, "replace").decode(encoding) + "\n")
        output.flush()
