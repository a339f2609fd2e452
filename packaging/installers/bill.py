"""The bill of materials of a bundle, as CycloneDX, and the checksums of what is released.

`python -m installers.bill make FILE` writes the bill of a bundle of this system; `sums FOLDER` writes SHA256SUMS there, with
nothing but Python. It tells what is in the bundle, not what it was built with; the same bundle has the same bill, byte by byte.
"""

import hashlib
import json
import os
import re
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import Distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installers.freezing import NAME, VERSION

if TYPE_CHECKING:
    from installers.parts import System

SUMS = "SHA256SUMS"
_SPECIFICATION = "1.6"
_NAMESPACE = uuid.UUID("5f0f9a4e-6f0b-4d54-8a44-0d2f9d1f1c55")
# Where the works within others come from, as package addresses name them.
_ORIGINS = {
    "CPython": "pkg:generic/cpython",
    "Qt": "pkg:generic/qt",
    "OpenSSL in CPython": "pkg:generic/openssl",
    "OpenSSL in cryptography": "pkg:generic/openssl",
    "SQLite": "pkg:generic/sqlite",
    "SQLite3 Multiple Ciphers": "pkg:github/utelle/SQLite3MultipleCiphers",
}
# What comes inside of which package; the rest comes with the program itself.
_WITHIN = {
    "OpenSSL in cryptography": "cryptography",
    "SQLite": "apsw-sqlite3mc",
    "SQLite3 Multiple Ciphers": "apsw-sqlite3mc",
    "Qt": "pyside6-essentials",
}


class BadBill(RuntimeError):
    """A bill that the specification doesn't allow. The text says where."""


def bill(system: "System | None" = None, epoch: int | None = None) -> dict[str, Any]:
    """A CycloneDX document. `epoch`: seconds since 1970, else SOURCE_DATE_EPOCH, else it tells no time.

    Errors: PartMissing where a package isn't there or its licence isn't known.
    """
    from installers import parts

    own = {"type": "application", "bom-ref": NAME, "name": NAME, "version": VERSION, **_licence("MIT")}
    system = system or parts.this_system()
    packages = list(parts.packages(system))
    listed = [_of_package(each) for each in packages]
    inside = [_of_inside(name, *facts) for name, facts in parts.within(system).items()]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": _SPECIFICATION,
        "version": 1,
        "metadata": {"component": own},
        "components": [*listed, *inside],
        "dependencies": _dependencies(packages),
    }
    # Named after what it says: another bundle's bill is another document, the same bundle's the same one.
    serial = uuid.uuid5(_NAMESPACE, json.dumps(document, sort_keys=True))
    moment = _moment(epoch)
    if moment:
        document["metadata"] = {"timestamp": moment, "component": own}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "serialNumber": f"urn:uuid:{serial}",
        **document,
    }


def write(file: Path, document: dict[str, Any]) -> None:
    """Check the bill against the specification's schema and write it. Errors: BadBill, and then nothing is written."""
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    problem = problem_with(text)
    if problem:
        raise BadBill(f"The bill of materials isn't one: {problem}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def problem_with(text: str) -> str:
    """What the schema forbids in a bill; empty where it is in order. Needs the build's own environment."""
    # By name: it is no part of what development needs.
    schema, validation = import_module("cyclonedx.schema"), import_module("cyclonedx.validation.json")
    found = validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text)
    return "" if found is None else str(found)[:2000]


def checksums(folder: Path) -> Path:
    """Write the SHA-256 of each file in `folder`, by name, as sha256sum --check reads them. Shape: where.

    Errors: FileNotFoundError for a folder with nothing to release.
    """
    files = sorted(each for each in folder.iterdir() if each.is_file() and each.name != SUMS)
    if not files:
        raise FileNotFoundError(f"There is nothing in {folder} to sum up.")
    lines = [f"{_sha256(each)}  {each.name}\n" for each in files]
    sums = folder / SUMS
    sums.write_text("".join(lines), encoding="utf-8", newline="\n")
    return sums


def _of_package(package: Distribution) -> dict[str, Any]:
    from installers import parts

    name = parts.name_of(package)
    address = f"pkg:pypi/{name}@{package.version}"
    told = {"type": "library", "bom-ref": address, "name": name, "version": package.version, "purl": address}
    return {**told, **_licence(parts.licence_of(package))}


def _of_inside(name: str, version: str, licence: str) -> dict[str, Any]:
    kind = "framework" if name == "Qt" else "platform" if name == "CPython" else "library"
    told = {"type": kind, "bom-ref": name, "name": name, "version": version, "purl": f"{_ORIGINS[name]}@{version}"}
    return {**told, **_licence(licence)}


def _licence(spdx: str) -> dict[str, Any]:
    return {"licenses": [{"expression": spdx}]}


def _dependencies(packages: Sequence[Distribution]) -> list[dict[str, Any]]:
    """What needs what, by reference: each package what it requires of the others, and what comes inside of it."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    from installers import parts

    references = {parts.name_of(each): f"pkg:pypi/{parts.name_of(each)}@{each.version}" for each in packages}
    needs = [{"ref": NAME, "dependsOn": sorted([*references.values(), *(set(_ORIGINS) - set(_WITHIN))])}]
    for each in packages:
        name = parts.name_of(each)
        required = {str(canonicalize_name(Requirement(line).name)) for line in each.requires or ()}
        on = {references[other] for other in required if other in references and other != name}
        on |= {part for part, holder in _WITHIN.items() if holder == name}
        needs.append({"ref": references[name], "dependsOn": sorted(on)})
    return needs + [{"ref": name} for name in _ORIGINS]


def _moment(epoch: int | None) -> str:
    told = os.environ.get("SOURCE_DATE_EPOCH", "") if epoch is None else str(epoch)
    if not re.fullmatch(r"\d{1,12}", told):
        return ""
    return datetime.fromtimestamp(int(told), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def main(arguments: Sequence[str]) -> int:
    """Make a bill or the sums. Shape: the exit code."""
    match list(arguments):
        case ["make", file]:
            write(Path(file), bill())
        case ["sums", folder]:
            checksums(Path(folder))
        case _:
            sys.stderr.write("python -m installers.bill make FILE | sums FOLDER\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
