"""The sandbox against the OpenAPI file: thousands of requests, right and wrong, over a real socket."""

import os
import subprocess
import sys
from pathlib import Path

from lumedesk.sandbox.routes import OPERATIONS
from tests.support.sandbox import SandboxControl, running_sandbox

HERE = Path(__file__).resolve().parent
SPEC = HERE.parents[1] / "resources" / "lumetrade-v1.openapi.yaml"
SCHEMATHESIS = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]


def test_schemathesis_finds_no_difference(tmp_path: Path) -> None:
    with running_sandbox() as address:
        ran = subprocess.run(
            [
                *SCHEMATHESIS,
                "--config-file",
                str(HERE / "schemathesis.toml"),
                "--no-color",
                "run",
                str(SPEC),
                "--url",
                address.base_url,
                "--phases",
                "examples,coverage,fuzzing,stateful",
            ],
            cwd=tmp_path,
            env=os.environ
            | {
                "SANDBOX_KEY": address.credentials.key,
                "SANDBOX_SECRET": address.credentials.secret.reveal(),
                "PYTHONUTF8": "1",
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        seen = SandboxControl(address).requests()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert seen.keys() == OPERATIONS
