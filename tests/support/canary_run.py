"""A run of the program with canaries for secrets: `python -m tests.support.canary_run FOLDER WHAT`.

It is set up as `lumedesk.running.run` does it. The canaries come as a line of JSON on standard input, never as arguments or
by the environment, which are hunted through. What happened is told on standard output, a line of JSON each, as the windows
word it: that is hunted through as well. WHAT is `paths` (every error path, then a normal end) or `sending` (into the midst
of an order, to be killed there).
"""

import json
import sys
from pathlib import Path

from lumedesk.hardening import harden
from lumedesk.logs import default_log_dir, start_logging
from tests.support import canary_paths
from tests.support.canary_desk import Plan, Run, say


def main() -> int:
    """Read the plan and do it. Shape: the process's exit code."""
    folder, what = Path(sys.argv[1]), sys.argv[2]
    plan = Plan(**json.loads(sys.stdin.readline()))
    logging_ = start_logging(default_log_dir())
    try:
        say({"where": "hardening", "what": "denied", "words": harden()})
        run = Run(folder, plan)
        try:
            (canary_paths.all_of_them if what == "paths" else canary_paths.into_the_midst)(run)
        finally:
            run.end()
        return 0
    finally:
        logging_.close()


if __name__ == "__main__":
    sys.exit(main())
