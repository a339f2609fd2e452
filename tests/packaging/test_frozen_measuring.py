"""How the start is timed: a real window on a real virtual screen, which must be seen, and gone again before the next."""

import shutil
import subprocess
import sys

import pytest
from installers import measuring

pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")

# Told --data-dir and --sandbox as the desk is; draws with nothing but the X server's own protocol.
WINDOW = """
import os, socket, struct, time
x = socket.socket(socket.AF_UNIX)
x.connect("/tmp/.X11-unix/X" + os.environ["DISPLAY"][1:])
x.sendall(struct.pack("<BxHHHHxx", 0x6C, 11, 0, 0, 0))
head = x.recv(8, socket.MSG_WAITALL)
body = x.recv(struct.unpack("<H", head[6:8])[0] * 4, socket.MSG_WAITALL)
base = struct.unpack("<I", body[4:8])[0]
vendor, formats = struct.unpack("<H", body[16:18])[0], body[21]
root = struct.unpack("<I", body[32 + (vendor + 3) // 4 * 4 + 8 * formats :][:4])[0]
x.sendall(struct.pack("<BBHIIhhHHHHIII", 1, 0, 9, base, root, 0, 0, 1440, 900, 0, 1, 0, 2, 0xAA3366))
x.sendall(struct.pack("<BxHI", 8, 2, base))
time.sleep(60)
"""


def test_a_window_is_seen_each_time_and_the_first_is_not_counted() -> None:
    taken = measuring.starts([[sys.executable, "-c", WINDOW]], rounds=2)
    assert len(taken) == 1
    assert len(taken[0]) == 2
    assert all(each > 0 for each in taken[0])


def test_a_program_that_shows_nothing_is_told() -> None:
    with pytest.raises(measuring.NothingSeen, match="ended without a window"):
        measuring.starts([[sys.executable, "-c", "pass"]], rounds=1)


def test_without_the_virtual_screen_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(subprocess, "Popen", lambda *_given: pytest.fail("started something"))
    with pytest.raises(measuring.NothingSeen, match="package xvfb"):
        measuring.starts([["true"]])
