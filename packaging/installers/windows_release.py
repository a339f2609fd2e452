"""What Windows gets, from a frozen folder: signed programs, the installer, and the .msi where there is something to make it."""

from pathlib import Path

from installers import windows, windows_msi
from installers.freezing import VERSION
from installers.signing import Signing


def package(
    folder: Path, out: Path, work: Path, signing: Signing, *, icon: Path, version: str = VERSION
) -> tuple[list[Path], list[str]]:
    """Sign, pack and verify. Shape: what is in `out` now, and lines for the build's output.

    Without a compiler for the .msi an unsigned build goes on and says so. Errors: NoCompiler for one that signs, which is a
    release; BadPayload, SigningFailed, CalledProcessError.
    """
    lines = windows.sign_programs(folder, signing) or [f"{windows.PROGRAM}: {signing.words}"]
    installer, line = windows.make_installer(folder, out, work, signing, icon=icon, version=version)
    made, lines = [installer], [*lines, line]
    try:
        msi, line = windows_msi.make_msi(folder, out, work, signing, icon=icon, version=version)
    except windows_msi.NoCompiler as lacking:
        if signing.signs:
            raise
        return made, [*lines, f"No .msi: {lacking}"]
    return [*made, msi], [*lines, line]
