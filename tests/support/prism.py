"""Runs Prism, somebody else's mock of our OpenAPI contract, where node is there. It never runs in the program."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

_VERSION = "5.14.2"
_ROOT = Path(__file__).parents[2]
_CONTRACT = _ROOT / "resources" / "lumetrade-v1.openapi.yaml"
_PREFIX = _ROOT / ".venv" / "prism"
_INSTALL_S = 240
_START_S = 60


def prism_command() -> str:
    """Find Prism, or install it beside the virtual environment; skips the test, saying why, where neither works."""
    if shutil.which("node") is None:
        pytest.skip("Prism needs node, which isn't here")
    places = (os.environ.get("LUMEDESK_PRISM"), _ROOT / "node_modules/.bin/prism", _PREFIX / "node_modules/.bin/prism")
    for place in places:
        if place and Path(place).exists():
            return str(place)
    on_path = shutil.which("prism")
    if on_path:
        return on_path
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Prism isn't installed and npm isn't here")
    wanted = ["install", "--prefix", str(_PREFIX), "--no-audit", "--no-fund", f"@stoplight/prism-cli@{_VERSION}"]
    try:
        done = subprocess.run([npm, *wanted], capture_output=True, text=True, timeout=_INSTALL_S)
    except subprocess.TimeoutExpired:
        pytest.skip("installing Prism took too long")
    if done.returncode:
        pytest.skip(f"Prism can't be installed: {done.stderr.strip()[-200:]}")
    return str(_PREFIX / "node_modules/.bin/prism")


@contextlib.contextmanager
def running_prism() -> Iterator[str]:
    """Serve the contract from its own examples; gives the base URL."""
    command = prism_command()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    process = subprocess.Popen(
        [command, "mock", "--errors", "--host", "127.0.0.1", "--port", str(port), str(_CONTRACT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    limit = threading.Timer(_START_S, process.kill)
    limit.start()
    try:
        for line in process.stdout:
            if "is listening" in line:
                break
        else:
            pytest.fail("Prism ended before it listened")
        limit.cancel()
        drain = threading.Thread(target=process.stdout.read, daemon=True)  # a full pipe would stop it
        drain.start()
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(10)
        drain.join(10)
    finally:
        limit.cancel()
        limit.join()
        process.kill()
        process.wait()
        process.stdout.close()
