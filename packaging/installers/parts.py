"""The parts that a bundle is made of: the packages that the lock names for a system, and what comes along inside of them."""

import platform
import re
import ssl
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions, version
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from installers.freezing import ROOT

LOCK = ROOT / "packaging" / "locks" / "run.txt"
# The licence of what says it only in words, or not at all: read in each one's own text.
_SAID_OTHERWISE = {
    "apsw-sqlite3mc": "any-OSI",
    "httpx": "BSD-3-Clause",
    "pyside6-essentials": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
    "segno": "BSD-3-Clause",
    "shiboken6": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
}
_CLASSIFIERS = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


class PartMissing(RuntimeError):
    """A package that the lock names isn't there, or its licence isn't. The text names it."""


@dataclass(frozen=True, slots=True)
class System:
    """For which system a bundle is made. `site` is where its packages are; None is this Python's own."""

    markers: Mapping[str, str]
    site: Path | None = None


def this_system() -> System:
    """The one that this Python runs on."""
    return System({name: str(value) for name, value in default_environment().items()})


def windows_system(site: Path, python: str) -> System:
    """Windows on x64, its packages installed into `site` from elsewhere, for the Python of version `python`."""
    changed = {
        "os_name": "nt", "platform_machine": "AMD64", "platform_system": "Windows", "sys_platform": "win32",
        "python_full_version": python, "python_version": ".".join(python.split(".")[:2]),
    }  # fmt: skip
    return System({**this_system().markers, **changed}, site)


def locked(system: System, lock: Path = LOCK) -> list[Requirement]:
    """What the lock names for a system, by name. Each has exactly one version."""
    lines = [
        line.rstrip("\\ ") for line in lock.read_text(encoding="utf-8").splitlines() if re.match(r"[a-z0-9]", line)
    ]
    wanted = [Requirement(line) for line in lines]
    markers = dict(system.markers)
    return [each for each in wanted if each.marker is None or each.marker.evaluate(markers)]


def packages(system: System, lock: Path = LOCK) -> Iterator[Distribution]:
    """The packages of a bundle, by name, as they are installed. Errors: PartMissing, also for another version."""
    site = sys.path if system.site is None else [str(system.site)]
    there = {canonicalize_name(each.metadata["Name"]): each for each in reversed(list(distributions(path=site)))}
    for each in locked(system, lock):
        found = there.get(canonicalize_name(each.name))
        if found is None or found.version not in each.specifier:
            here = "isn't there" if found is None else f"is {found.version} here"
            raise PartMissing(f"{each.name} {here}, but the lock names {each.name}{each.specifier}.")
        yield found


def name_of(package: Distribution) -> str:
    """As the lock writes it."""
    return str(canonicalize_name(package.metadata["Name"]))


def licence_of(package: Distribution) -> str:
    """A package's licence, an SPDX expression wherever one is known. Errors: PartMissing where it says nothing of it."""
    name = name_of(package)
    if name in _SAID_OTHERWISE:
        return _SAID_OTHERWISE[name]
    told = package.metadata
    said = [each for field in ("License-Expression", "License") for each in told.get_all(field) or ()]
    classifiers = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier") or () if "License" in each]
    for each in [*said, *(_CLASSIFIERS.get(each, "") for each in classifiers)]:
        if each and (spdx := _spdx(each)):
            return spdx
    raise PartMissing(
        f"Under which licence {name} is isn't known. It says: {' '.join([*said, *classifiers]).strip()!r}"
    )


def qt_version() -> str:
    """The version of Qt, which Qt for Python is named after."""
    return version("pyside6-essentials")


def python_version(system: System | None = None) -> str:
    """The version of Python that is frozen."""
    return platform.python_version() if system is None else system.markers["python_full_version"]


def within(system: System | None = None) -> dict[str, tuple[str, str]]:
    """What comes inside of others: version and licence by name. Of a system elsewhere, not every version is known here."""
    elsewhere = system is not None and system.site is not None
    import apsw
    from cryptography.hazmat.backends.openssl import backend

    return {
        "CPython": (python_version(system), "PSF-2.0"),
        "Qt": (qt_version(), "LGPL-3.0-only"),
        "OpenSSL in CPython": ("" if elsewhere else _digits(ssl.OPENSSL_VERSION), "Apache-2.0"),
        "OpenSSL in cryptography": (_digits(backend.openssl_version_text()), "Apache-2.0"),
        "SQLite": (apsw.sqlite_lib_version(), "blessing"),
        "SQLite3 Multiple Ciphers": (_digits(vars(apsw)["mc_version"]), "MIT"),
    }


def _digits(text: str) -> str:
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else ""


def _spdx(text: str) -> str:
    try:
        return str(canonicalize_license_expression(text.replace(" License", "") if len(text) < 40 else text))
    except InvalidLicenseExpression:
        return ""
