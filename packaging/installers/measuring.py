"""Times the start of the frozen program beside that of its sources: from the command to the first pixels of its window.

Both run in turn on one virtual screen, whose pixels lie in a file that is looked at all the while; neither knows of it.
"""

import mmap
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 9
MOST_TIMES = 1.5

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 60.0
_WIDTH, _HEIGHT, _BYTES = 1600, 1000, 4


class NothingSeen(RuntimeError):
    """No window came, or no screen. The text says which."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A virtual screen: its number, as DISPLAY has it, and its pixels."""

    display: str
    pixels: mmap.mmap

    def colours(self) -> bytes:
        """Those of one line of pixels, in the upper half: the pointer stands in the middle of the screen."""
        width = _WIDTH * _BYTES
        begin = len(self.pixels) - (_HEIGHT * 2 // 3) * width
        line = self.pixels[begin : begin + width]
        # The fourth byte of a pixel is whatever it happens to be.
        return line[0::4] + line[1::4] + line[2::4]


def main(folder: Path) -> int:
    """Measure, and print what was found. Shape: the exit code, 1 where the frozen program takes too long."""
    commands = ([str(folder / "lumedesk")], [sys.executable, str(_ROOT / "main.py")])
    frozen, source = starts(commands)
    times = statistics.median(frozen) / statistics.median(source)
    for what, taken in (("frozen", frozen), ("from its sources", source)):
        print(
            f"{what:<17} {statistics.median(taken):5.0f} ms  ({min(taken):.0f} to {max(taken):.0f}, {len(taken)} starts)"
        )
    print(f"{times:.2f} times the start of the sources; at most {MOST_TIMES}")
    return int(times > MOST_TIMES)


def starts(commands: Sequence[list[str]], rounds: int = ROUNDS) -> list[list[float]]:
    """Start each in turn, again and again. Shape: milliseconds by command. Errors: NothingSeen, OSError.

    The first round finds the disk's cache cold and is not counted.
    """
    taken: list[list[float]] = [[] for _ in commands]
    with _screen() as screen:
        for at in range(rounds + 1):
            for command, times in zip(commands, taken, strict=True):
                passed = _start(command, screen)
                if at:
                    times.append(passed * 1000)
    return taken


def _start(command: list[str], screen: Screen) -> float:
    """Seconds until a window's pixels are on the screen. The program is ended, and the screen empty again, when it returns."""
    blank = screen.colours()
    with tempfile.TemporaryDirectory(prefix="lumedesk-start-") as home:
        environment = {**os.environ, "DISPLAY": screen.display, "HOME": home, "XDG_RUNTIME_DIR": home}
        for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--data-dir", home, "--sandbox"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(lambda: screen.colours() != blank or process.poll() is not None, f"no window of {command[0]}")
            if screen.colours() == blank:
                raise NothingSeen(f"{command[0]} ended without a window")
            return time.perf_counter() - began
        finally:
            process.terminate()
            process.wait()
            _wait(lambda: screen.colours() == blank, "the window stays")


def _wait(condition: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise NothingSeen(f"{otherwise} within {_PATIENCE_S:.0f} s")
        time.sleep(0.001)


@contextmanager
def _screen() -> Iterator[Screen]:
    program = shutil.which("Xvfb")
    if program is None:
        raise NothingSeen("There is no Xvfb; it comes with the package xvfb.")
    with tempfile.TemporaryDirectory(prefix="lumedesk-screen-") as folder:
        reading, writing = os.pipe()
        size = f"{_WIDTH}x{_HEIGHT}x24"
        command = [
            program,
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            size,
            "-fbdir",
            folder,
            "-nolisten",
            "tcp",
            "-noreset",
        ]
        server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                number = told.readline().strip()
            if not number:
                raise NothingSeen("Xvfb did not start.")
            with (
                Path(folder, "Xvfb_screen0").open("rb") as file,
                mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pixels,
            ):
                yield Screen(f":{number}", pixels)
        finally:
            server.terminate()
            server.wait()
