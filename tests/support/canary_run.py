"""A run of the program with canaries for secrets: `python -m tests.support.canary_run FOLDER WHAT`.

It is set up as `lumedesk.program.run` does it. The canaries come as a line of JSON on standard input, never as arguments or
by the environment, which are hunted through. What happened is told on standard output, a line of JSON each, as the windows
word it: that is hunted through as well. WHAT is `paths` (every error path, then a normal end), `sending` (into the midst of
an order, to be killed there) or `planted` (leaks made on purpose).
"""

import faulthandler
import json
import logging
import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

from lumedesk.hardening import harden
from lumedesk.logs import default_log_dir, start_logging
from tests.support import canary_paths
from tests.support.canary_desk import Plan, Run, say

log = logging.getLogger("lumedesk.canary_run")


def main() -> int:
    """Read the plan and do it. Shape: the process's exit code."""
    folder, what = Path(sys.argv[1]), sys.argv[2]
    plan = Plan(**json.loads(sys.stdin.readline()))
    logging_ = start_logging(default_log_dir())
    try:
        if what == "planted":
            return plant(folder, plan)
        say({"where": "hardening", "what": "denied", "words": harden()})
        run = Run(folder, plan)
        try:
            (canary_paths.all_of_them if what == "paths" else canary_paths.into_the_midst)(run)
        finally:
            run.end()
        return 0
    finally:
        logging_.close()


def plant(folder: Path, plan: Plan) -> int:
    """Leak the canaries in each way that the hunt must find. Not hardened; ends by a crash."""
    with (default_log_dir() / "lumedesk.log").open("a") as past_the_cleaning:
        past_the_cleaning.write(json.dumps({"message": f"sent X-API-SECRET={plan.secret}"}) + "\n")
    with zipfile.ZipFile(folder / "work" / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("settings.txt", f"the passphrase is {plan.passphrase}")
    (folder / "tmp" / "wide.bin").write_bytes(b"\1" + f"-{plan.new_secret}-".encode("utf-16-le"))
    warnings.warn(f"the key is {plan.key}", stacklevel=1)
    kept_in_memory = plan.secret * 2
    faulthandler.disable()
    code = "import sys; print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, plan.key],
        env={**os.environ, "LUMEDESK_SECRET": plan.secret},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        say({"where": "planted", "what": str(len(kept_in_memory)), "words": []})
        sys.stdin.readline()
        child.communicate()
    os.abort()


if __name__ == "__main__":
    sys.exit(main())
