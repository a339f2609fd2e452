"""How long the desk takes to start, beside an empty window: fresh processes in turn, the key of the records in a keychain."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.lines import Line, within
from tests.support.secret_service import secret_service

# A start is over soon, and the machine is another one from one second to the next: more of them tell more.
ROUNDS = 15
MOST_WINDOW, MOST_ROWS = 1.3, 2.0

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60


def run(folder: Path, rows: int) -> list[Line]:
    """Start each of the two in turn, with the encrypted cache of so many trades in `folder`, which is written to.

    Shape: the window's line, the rows' line.
    """
    with secret_service() as service:
        environment = {**os.environ, **service.environment}
        subprocess.run(
            [sys.executable, "-c", f"from tests.bench.start import enrol; enrol({str(folder)!r})"],
            cwd=_ROOT,
            env=environment,
            check=True,
        )
        empty, desk = _starts(folder, environment)
    window, shown = [each["window"] for each in desk], [each["rows"] for each in desk]
    return [
        within("Start", "first paint of the window", window, empty, MOST_WINDOW),
        within("Start", f"first rows of {rows:,}, keychain included", shown, empty, MOST_ROWS),
    ]


def enrol(folder: str) -> None:
    """Make the cache in `folder` a profile that opens by itself: its key is in the keychain of this process's session."""
    from lumedesk.domain.credentials import Credentials, Secret
    from lumedesk.domain.profiles import Profile, ProfileKind
    from lumedesk.keychain import Vault, system_keychain
    from lumedesk.store.paths import profile_paths
    from lumedesk.store.profiles import write_profile
    from tests.support.keys import STORE_KEY

    profile = Profile("bench", ProfileKind.CUSTOM, base_url="https://127.0.0.1:9/api", id="0123456789abcdef")
    write_profile(profile_paths(Path(folder), profile.name), profile)
    vault = Vault(system_keychain(), profile.id)
    vault.keep_store_key(STORE_KEY)
    vault.keep(Credentials("bench-key", Secret("bench-secret")))


def _starts(folder: Path, environment: Mapping[str, str]) -> tuple[list[float], list[dict[str, float]]]:
    empty: list[float] = []
    desk: list[dict[str, float]] = []
    for at in range(ROUNDS + 1):
        window, whole = _start(environment, "empty"), _start(environment, "desk", str(folder))
        # The first of each finds the disk's cache cold.
        if at:
            empty.append(window["window"])
            desk.append(whole)
    return empty, desk


def _start(environment: Mapping[str, str], *arguments: str) -> Any:
    started_at = repr(time.clock_gettime(time.CLOCK_MONOTONIC))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.start_child", *arguments],
        cwd=_ROOT,
        env={**environment, "STARTED_AT": started_at},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if not ended.stdout.startswith("{"):
        raise RuntimeError(f"no window was seen: {ended.stdout[-1000:]}{ended.stderr[-3000:]}")
    return json.loads(ended.stdout.splitlines()[0])
