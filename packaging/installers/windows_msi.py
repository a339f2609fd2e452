"""The .msi for managed rollout: the list of its files, and the run of wixl, or of WiX 3 on Windows, over lumedesk.wxs."""

import hashlib
import os
import shutil
import subprocess
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath

from installers import windows
from installers.freezing import NAME, VERSION
from installers.signing import Signing, finish

SOURCE = windows.HERE / "lumedesk.wxs"
NAMESPACE = "http://schemas.microsoft.com/wix/2006/wi"


class NoCompiler(RuntimeError):
    """There is neither wixl (the Debian package wixl) nor WiX 3 (candle and light) on this computer."""


def make_msi(
    folder: Path, out: Path, work: Path, signing: Signing, *, icon: Path, version: str = VERSION
) -> tuple[Path, str]:
    """Pack a frozen folder into an .msi, which is signed if anything is.

    Shape: the .msi in `out`, and a line for the build's output. Errors: NoCompiler, BadPayload, SigningFailed,
    CalledProcessError with what the compiler said.
    """
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    files = work / "payload.wxs"
    files.write_bytes(payload_source(windows.payload(folder), base=os.path.relpath(folder, work)))
    msi = out / windows.installer_name("msi", version)
    msi.unlink(missing_ok=True)
    for command in _commands(files, msi, variables(version, os.path.relpath(icon, work))):
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=work)
    return msi, finish(msi, signing)


def variables(version: str, icon: str) -> dict[str, str]:
    """What lumedesk.wxs asks for by name; `icon` is relative to where the compiler runs.

    Errors: BadVersion for a version that Windows Installer doesn't take.
    """
    windows.numbers(version)
    return {
        "Name": NAME,
        "Version": version,
        "Publisher": windows.PUBLISHER,
        "Program": windows.PROGRAM,
        "ProductCode": _code(windows.product_code(version)),
        "UpgradeCode": _code(windows.UPGRADE_CODE),
        "ShortcutGuid": _code(uuid.uuid5(windows.UPGRADE_CODE, "component shortcut")),
        "LinksGuid": _code(uuid.uuid5(windows.UPGRADE_CODE, "component links")),
        "Icon": icon,
    }


def payload_source(files: list[PurePosixPath], *, base: str) -> bytes:
    """The source of the files' part: one component each, whose code follows from its place, and the folders that go with them.

    `base`: the frozen folder, relative to where the compiler runs; wixl takes no absolute paths.
    """
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_tag("Wix"))
    fragment = ET.SubElement(root, _tag("Fragment"))
    places: dict[PurePosixPath, ET.Element] = {}
    places[PurePosixPath()] = ET.SubElement(fragment, _tag("DirectoryRef"), Id="INSTALLDIR")
    for folder in windows.folders(files):
        places[folder] = ET.SubElement(
            places[folder.parent], _tag("Directory"), Id=_id("d", folder), Name=_escaped(folder.name)
        )
    group = ET.SubElement(fragment, _tag("ComponentGroup"), Id="Payload")
    for file in files:
        code = _code(uuid.uuid5(windows.UPGRADE_CODE, f"file {file}"))
        component = ET.SubElement(places[file.parent], _tag("Component"), Id=_id("c", file), Guid=code, Win64="yes")
        source = _escaped(os.path.join(base, *file.parts))  # noqa: PTH118 - in the form of the system that compiles
        ET.SubElement(
            component, _tag("File"), Id=_id("f", file), Name=_escaped(file.name), Source=source, KeyPath="yes"
        )
        ET.SubElement(group, _tag("ComponentRef"), Id=_id("c", file))
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode").encode()


def _commands(files: Path, msi: Path, values: dict[str, str]) -> list[list[str]]:
    if shutil.which("wixl"):
        defines = [part for name, value in values.items() for part in ("-D", f"{name}={value}")]
        return [["wixl", "-a", "x64", *defines, "-o", str(msi), str(SOURCE), str(files)]]
    if shutil.which("candle") and shutil.which("light"):
        defines = [f"-d{name}={value}" for name, value in values.items()]
        objects = [f"{SOURCE.stem}.wixobj", f"{files.stem}.wixobj"]
        # Both checks are about shortcuts that belong to one user. This .msi installs for all users only, so that the key path
        # of a shortcut's component is rightly in HKLM, whatever folder it lies in.
        quiet = ["-sice:ICE43", "-sice:ICE57"]
        return [
            ["candle", "-nologo", "-arch", "x64", *defines, str(SOURCE), str(files)],
            ["light", "-nologo", "-spdb", *quiet, "-out", str(msi), *objects],
        ]
    raise NoCompiler(NoCompiler.__doc__)


def _id(kind: str, place: PurePosixPath) -> str:
    """A name that Windows Installer takes: short, and the same in each build."""
    return kind + hashlib.sha256(str(place).encode()).hexdigest()[:24]


def _escaped(text: str) -> str:
    """A dollar sign would begin a variable."""
    return text.replace("$", "$$")


def _code(code: uuid.UUID) -> str:
    return f"{{{str(code).upper()}}}"


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
