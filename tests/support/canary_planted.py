"""A run that leaks its canaries on purpose, so that the hunt can be seen to find them: `... canary_planted FOLDER`.

It logs as the program does and isn't hardened; it ends by a crash. The canaries come on standard input, as for the real run.
"""

import faulthandler
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from lumedesk.logs import default_log_dir, start_logging

_CHILD = "import sys; print('ready', flush=True); sys.stdin.read()"


def main() -> None:
    """Leak each canary in another way, say so, and crash once a line comes."""
    folder = Path(sys.argv[1])
    plan = json.loads(sys.stdin.readline())
    start_logging(default_log_dir())
    with (default_log_dir() / "lumedesk.log").open("a") as past_the_cleaning:
        past_the_cleaning.write(json.dumps({"message": f"sent X-API-SECRET={plan['secret']}"}) + "\n")
    with zipfile.ZipFile(folder / "exports" / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("settings.txt", f"the passphrase is {plan['passphrase']}" * 20)
    (folder / "tmp" / "wide.bin").write_bytes(b"\1" + f"-{plan['new_secret']}-".encode("utf-16-le"))
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, plan["key"]],
        env={**os.environ, "LUMEDESK_SECRET": plan["secret"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        sys.stdout.write(json.dumps({"where": "planted", "what": "all", "words": []}) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()
        child.communicate()
    faulthandler.disable()
    os.abort()


if __name__ == "__main__":
    main()
