"""A clean copy of the sources to build from: what is tracked and nothing that lies about, with its commit and its time."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from installers.freezing import VERSION

# Where nothing says when the sources were made, as in an unpacked archive, all files are from this moment: 2026-01-01.
_EPOCH = 1_767_225_600
_PARTS = ("lumedesk", "resources", "packaging", "main.py", "pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a build comes from. `commit` is empty outside of a repository; `epoch`: its time, in seconds since 1970."""

    folder: Path
    version: str
    commit: str
    is_changed: bool
    epoch: int

    @property
    def words(self) -> str:
        """What is built, in words."""
        if not self.commit:
            return f"LumeDesk {self.version}, from sources without a repository"
        changed = ", with changes that are not committed" if self.is_changed else ""
        return f"LumeDesk {self.version}, commit {self.commit}{changed}"


def export(root: Path, to: Path) -> Source:
    """Copy the tracked files of the checkout `root` as they are now; what is in `to` goes. Errors: OSError.

    The copy names its commit in resources/commit.txt, unless files were changed since.
    """
    shutil.rmtree(to, ignore_errors=True)
    commit = _git(root, "rev-parse", "HEAD").strip()
    files = _tracked(root) if commit else _all(root)
    for file in files:
        (to / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / file, to / file, follow_symlinks=False)
    is_changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no").strip())
    if commit and not is_changed:
        (to / "resources" / "commit.txt").write_text(commit + "\n", encoding="ascii", newline="\n")
    epoch = _git(root, "log", "-1", "--format=%ct").strip() if commit else os.environ.get("SOURCE_DATE_EPOCH", "")
    return Source(to, VERSION, commit, is_changed, int(epoch or _EPOCH))


def _tracked(root: Path) -> list[str]:
    names = _git(root, "ls-files", "-z").split("\0")
    return [name for name in names if name and (root / name).is_file()]


def _all(root: Path) -> list[str]:
    found = [path for part in _PARTS for path in [root / part, *(root / part).rglob("*")] if path.is_file()]
    return [path.relative_to(root).as_posix() for path in found if "__pycache__" not in path.parts]


def _git(root: Path, *arguments: str) -> str:
    """What git says; nothing where there is no git, or no repository that is `root` itself."""
    if not (root / ".git").exists():
        return ""
    # Whoever owns the files: a build in a container finds them belonging to somebody else.
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
