"""Places where writing really fails: a process that may not grow its files, and a folder mounted read-only."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

needs_limits = pytest.mark.skipif(resource is None, reason="the system has no limits on the size of files")


@contextlib.contextmanager
def no_room(size: int = 0) -> Iterator[None]:
    """Until the end no file of this process may be written beyond `size` bytes: the kernel refuses it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def read_only_folder(beside: Path, fill: Path | None = None) -> Iterator[Path]:
    """A folder with the files of `fill` that can't be written: by its mode, or for root by a mount of its own."""
    folder = fill or beside / "read-only"
    folder.mkdir(exist_ok=True)
    if os.name != "posix":
        pytest.skip("needs a folder that can't be written")
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield folder
        finally:
            folder.chmod(0o700)
        return
    mounted = subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("root may write anywhere here, and may not mount")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def full_disk(folder: Path, size: str = "512k") -> Iterator[Callable[[], None]]:
    """A small disk of its own mounted over `folder`, which keeps its files; what is given fills it to the last byte."""
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    options = f"size={size},mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")

    def fill() -> None:
        with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(512)):
                pass

    try:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        yield fill
    finally:
        subprocess.run(["umount", str(folder)], check=True)
