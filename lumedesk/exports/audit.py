"""The audit log as CSV and JSON."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import asdict

from lumedesk.domain.audit import AuditRow

# A spreadsheet takes a cell that starts like this for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_audit(rows: Iterable[AuditRow], file: Path) -> int:
    """Write JSON for a name that ends in .json, CSV otherwise. Shape: how many rows. Errors: OSError."""
    rows = list(rows)
    if file.suffix.lower() == ".json":
        file.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1), encoding="utf-8")
        return len(rows)
    # The mark lets spreadsheets read UTF-8 as what it is.
    with file.open("w", encoding="utf-8-sig", newline="") as sheet:
        writer = csv.writer(sheet)
        writer.writerow(("No.", "Time (UTC)", "What", "About", "Facts", "Hash"))
        for row in rows:
            facts = json.dumps(row.facts, ensure_ascii=False)
            writer.writerow((row.seq, row.at, *(_cell(text) for text in (row.what, row.about, facts, row.hash))))
    return len(rows)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
