"""The process that is killed while it replaces a key: `python -m tests.support.keychain_victim PROFILE_ID CALL MOMENT`.

It dies, as by `kill -9`, before or after the CALLth time that it asks the backend for anything; without a kill it ends with 0.
"""

import os
import signal
import sys
from typing import Any

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import SystemKeychain, Vault, system_keychain

NEW = Credentials("new-key", Secret("new-secret"))


def main(profile_id: str, call: int, moment: str) -> None:
    keychain = system_keychain()
    assert isinstance(keychain, SystemKeychain)
    calls = 0

    def doomed(method: Any) -> Any:
        def called(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == call and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return method(*arguments)
            finally:
                if calls == call and moment == "after":
                    os.kill(os.getpid(), signal.SIGKILL)

        return called

    backend: Any = keychain._backend
    for name in ("get_password", "set_password", "delete_password"):
        setattr(backend, name, doomed(getattr(backend, name)))
    Vault(keychain, profile_id).keep(NEW)
    print(calls)  # noqa: T201 - for the test


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
