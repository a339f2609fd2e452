"""`python -m lumedesk` is the command `lumedesk`."""

import sys

from lumedesk.cli import main

sys.exit(main())
