"""What an installer of Windows is made from: the program's facts, the rules for its files, and the run of NSIS.

The .msi is in windows_msi.py; what builds and tries all of it under Wine is in windows_wine.py and windows_proof.py.
"""

import os
import re
import shlex
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from installers.freezing import NAME, ROOT, VERSION
from installers.signing import Signing, finish

PROGRAM = f"{NAME}.exe"
CONSOLE_PROGRAM = "lumedesk-cli.exe"
PUBLISHER = "The LumeDesk authors"
COPYRIGHT = "Copyright (c) 2026 The LumeDesk authors"
# What makes two versions the same product to Windows Installer. Never changes.
UPGRADE_CODE = uuid.UUID("7c0d7d0a-53d8-4f0c-9d0e-4b7a0a6c5e21")

HERE = ROOT / "packaging" / "windows"
LANGUAGE_ENGLISH, UNICODE = 0x0409, 1200

_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,5})")
# What belongs to Windows, to Wine or to the build, and must never lie in the program's folder.
_FOREIGN = re.compile(
    r"""(^|/)(
        icuuc\.dll | icuin\.dll | icudt\w*\.dll | bcryptprimitives\.dll | mscms\.dll | opengl32(sw)?\.dll
      | kernel32\.dll | ntdll\.dll | user32\.dll
      | wine\w*\.dll | uninstall\.exe | [^/]*\.(py|pdb|lib|spec|key|pfx|p12) | (?!cacert\.)[^/]*\.pem | pip | setuptools | tests?
    )(/|$)""",
    re.VERBOSE | re.IGNORECASE,
)


class BadPayload(RuntimeError):
    """The frozen folder holds what it must not, or lacks what it needs. The text names the files."""


class BadVersion(RuntimeError):
    """A version that Windows can't write down."""


def numbers(version: str) -> tuple[int, int, int, int]:
    """A version as Windows writes one, the fourth being 0. Errors: BadVersion for more than three numbers, or less."""
    found = _VERSION.fullmatch(version)
    if not found or int(found[1]) > 255 or int(found[2]) > 255 or int(found[3]) > 65535:
        raise BadVersion(f"Windows Installer takes versions such as 1.2.3 only, not {version}.")
    return int(found[1]), int(found[2]), int(found[3]), 0


def dotted(version: str) -> str:
    """The same in one text: 1.2.3.0. Errors: BadVersion."""
    return ".".join(map(str, numbers(version)))


def product_code(version: str) -> uuid.UUID:
    """What is this one version to Windows Installer: the same for each build of it."""
    return uuid.uuid5(UPGRADE_CODE, f"product {version}")


def version_strings(version: str = VERSION) -> dict[str, str]:
    """What Windows shows under a program's properties."""
    return {
        "CompanyName": PUBLISHER,
        "FileDescription": NAME,
        "FileVersion": dotted(version),
        "InternalName": NAME,
        "LegalCopyright": COPYRIGHT,
        "OriginalFilename": PROGRAM,
        "ProductName": NAME,
        "ProductVersion": version,
    }


def version_resource(version: str = VERSION) -> Any:
    """The same in the form that PyInstaller writes into a program (a VSVersionInfo). Errors: BadVersion."""
    # Only here: it is there where programs are frozen, and only on Windows.
    from PyInstaller.utils.win32 import versioninfo as form

    table = form.StringTable(
        f"{LANGUAGE_ENGLISH:04X}{UNICODE:04X}",
        [form.StringStruct(name, text) for name, text in version_strings(version).items()],
    )
    return form.VSVersionInfo(
        ffi=form.FixedFileInfo(filevers=numbers(version), prodvers=numbers(version)),
        kids=[
            form.StringFileInfo([table]),
            form.VarFileInfo([form.VarStruct("Translation", [LANGUAGE_ENGLISH, UNICODE])]),
        ],
    )


def payload(folder: Path) -> list[PurePosixPath]:
    """The files of a frozen folder, relative to it, in an order that doesn't change. Errors: BadPayload."""
    files = sorted(PurePosixPath(each.relative_to(folder).as_posix()) for each in folder.rglob("*") if each.is_file())
    foreign = [str(each) for each in files if _FOREIGN.search(str(each))]
    if foreign:
        raise BadPayload(f"This must not be shipped: {', '.join(foreign)}")
    if PurePosixPath(PROGRAM) not in files:
        raise BadPayload(f"There is no {PROGRAM} in {folder}.")
    return files


def folders(files: list[PurePosixPath]) -> list[PurePosixPath]:
    """The folders that hold the files, each after the one that it lies in; without the outermost."""
    return sorted({parent for each in files for parent in each.parents} - {PurePosixPath()})


def installer_name(kind: str, version: str = VERSION) -> str:
    """What an installer's file is called; `kind`: exe or msi."""
    return f"{NAME}-{version}-windows-x64.{kind}"


def sign_programs(folder: Path, signing: Signing) -> list[str]:
    """Sign the programs in a frozen folder and verify them; answers a line each. Errors: SigningFailed."""
    if not signing.signs:
        return []
    programs = sorted(folder.glob("*.exe"))
    for each in programs:
        signing.sign(each)
        signing.verify(each)
    return [f"{each.name}: {signing.words}, verified" for each in programs]


def make_installer(
    folder: Path, out: Path, work: Path, signing: Signing, *, icon: Path, version: str = VERSION, fast: bool = False
) -> tuple[Path, str]:
    """Pack a frozen folder into the installer, which is signed if anything is.

    Shape: the installer in `out`, and a line for the build's output. `fast` packs badly but at once: for trying things out.
    Errors: BadPayload, BadVersion, SigningFailed, CalledProcessError with what makensis said.
    """
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    files = payload(folder)
    script = work / "payload.nsh"
    script.write_text(payload_script(folder, files), encoding="utf-8-sig", newline="\r\n")
    licence = work / "licence.txt"
    licence.write_text(licence_text(), encoding="utf-8-sig", newline="\r\n")
    installer = out / installer_name("exe", version)
    defines = {
        "NAME": NAME,
        "VERSION": version,
        "NUMBERS": dotted(version),
        "PUBLISHER": PUBLISHER,
        "COPYRIGHT": COPYRIGHT,
        "PROGRAM": PROGRAM,
        "OUT": str(installer),
        "PAYLOAD": str(script),
        "LICENCE": str(licence),
        "ICON": str(icon),
        "SIZE_KB": str(sum((folder / each).stat().st_size for each in files) // 1024),
        **({"SIGN": sign_command()} if signing.signs else {}),
        **({"FAST": ""} if fast else {}),
    }
    run_makensis(HERE / "lumedesk.nsi", defines, signing.environment())
    return installer, finish(installer, signing)


def run_makensis(script: Path, defines: Mapping[str, str], more: Mapping[str, str]) -> None:
    """Run NSIS, with `more` in its environment; warnings are errors.

    Errors: CalledProcessError, whose output tells why; FileNotFoundError without NSIS.
    """
    # Debian's NSIS makes 64-bit installers; the one for Windows knows 32-bit ones only, which do the same.
    bits = ["-DAMD64"] if os.name == "posix" else []
    command = [
        "makensis",
        "-V2",
        "-WX",
        *bits,
        *(f"-D{name}={value}" if value else f"-D{name}" for name, value in defines.items()),
    ]
    # The uninstaller is signed by this package, in a program that makensis starts.
    environment = {**os.environ, **more, "PYTHONPATH": os.pathsep.join([str(ROOT / "packaging"), str(ROOT)])}
    subprocess.run([*command, str(script)], check=True, capture_output=True, text=True, env=environment)


def sign_command() -> str:
    """What NSIS runs on its uninstaller, without the file's name."""
    command = [sys.executable, "-m", "installers.signing"]
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)


def payload_script(folder: Path, files: list[PurePosixPath]) -> str:
    """Two macros of NSIS that install and remove exactly these files, and one that goes through the programs."""
    lines = ["!macro InstallPayload"]
    for place in [PurePosixPath(), *folders(files)]:
        lines.append(f'  SetOutPath "$INSTDIR{_nsis(place)}"')
        lines += [f'  File "{folder / each}"' for each in files if each.parent == place]
    lines += ["!macroend", "!macro RemovePayload", '  SetOutPath "$TEMP"']  # a folder that is current can't be removed
    lines += [f'  Delete "$INSTDIR{_nsis(each)}"' for each in files]
    lines += [f'  RMDir "$INSTDIR{_nsis(each)}"' for each in reversed(folders(files))]
    lines += ["!macroend", "!macro EachProgram DO"]
    lines += [f'  !insertmacro ${{DO}} "{each}"' for each in files if len(each.parts) == 1 and each.suffix == ".exe"]
    return "\n".join([*lines, "!macroend", ""])


def licence_text() -> str:
    """What the installer shows first."""
    return (HERE / "about-licences.txt").read_text(encoding="utf-8") + (ROOT / "LICENSE").read_text(encoding="utf-8")


def _nsis(place: PurePosixPath) -> str:
    return "".join("\\" + _escaped(part) for part in place.parts)


def _escaped(text: str) -> str:
    return text.replace("$", "$$").replace('"', '$\\"')
