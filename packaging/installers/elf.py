"""What a Linux program or library asks of the system it runs on. Read with objdump, from the package binutils."""

import re
import subprocess
from pathlib import Path


def needs(file: Path | str) -> set[str]:
    """The names of the libraries that the loader must find for it; empty for a file that is no program or library."""
    return set(re.findall(r"^  NEEDED +(\S+)$", _headers(file), re.MULTILINE))


def oldest_glibc(file: Path | str) -> tuple[int, ...]:
    """The version of the C library that it can't run without; (0,) where it asks for none."""
    asked = re.findall(r"GLIBC_(\d+(?:\.\d+)+)", _headers(file))
    return max((tuple(map(int, version.split("."))) for version in asked), default=(0,))


def _headers(file: Path | str) -> str:
    done = subprocess.run(["objdump", "-p", str(file)], capture_output=True, text=True, errors="replace", check=False)
    return done.stdout
