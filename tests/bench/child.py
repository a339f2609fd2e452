"""Runs one function in a fresh process: what memory is measured in, and what must not find anything warmed up."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_MARK = "measured: "
_PATIENCE_S = 600


class ChildFailed(Exception):
    """It ended without a result; the text is what it said last."""


def in_child(function: str, **given: Any) -> Any:
    """Call `function` ("module:name", a module of tests.bench) there with `given`; both ways go as JSON.

    Errors: ChildFailed.
    """
    command = [sys.executable, "-m", "tests.bench.child", function, json.dumps(given, default=str)]
    try:
        ended = subprocess.run(
            command, cwd=_ROOT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False, env={**os.environ}
        )
    except subprocess.TimeoutExpired as error:
        raise ChildFailed(f"{function} took more than {_PATIENCE_S} s") from error
    told = [line for line in ended.stdout.splitlines() if line.startswith(_MARK)]
    if not told:
        raise ChildFailed(f"{function} ended with {ended.returncode}:\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}")
    return json.loads(told[-1].removeprefix(_MARK))


def main(function: str, given: str) -> None:
    """The child's side."""
    module, _, name = function.partition(":")
    result = getattr(importlib.import_module(f"tests.bench.{module}"), name)(**json.loads(given))
    print(_MARK + json.dumps(result), flush=True)  # noqa: T201 - the parent reads this
    # Taking a million items apart again would take longer than what was measured.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
