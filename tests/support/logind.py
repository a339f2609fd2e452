"""A private message bus and, on it, the part of logind and of screen savers that tells of the lock: real bus, real signals."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

LOGIND = "org.freedesktop.login1"
MANAGER = DBusAddress("/org/freedesktop/login1", interface=f"{LOGIND}.Manager")
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""


@contextmanager
def private_bus(folder: Path) -> Iterator[str]:
    """A bus of the test's own that starts no services. Shape: its address."""
    folder.mkdir()
    config = folder / "bus.conf"
    config.write_text(_CONFIG.format(socket=folder / "socket"))
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as daemon:
        assert daemon.stdout is not None
        try:
            yield daemon.stdout.readline().strip()
        finally:
            daemon.terminate()


def session_path(identity: str) -> str:
    """Where logind shows a session."""
    return f"/org/freedesktop/login1/session/_3{identity}"


class Program:
    """A program on a bus that owns a name and emits signals."""

    def __init__(self, address: str, name: str) -> None:
        self._bus: DBusConnection = open_dbus_connection(address)
        assert self._bus.send_and_get_reply(message_bus.RequestName(name)).body == (1,)

    def emit(self, path: str, interface: str, name: str, active: bool | None = None) -> None:
        """Emit a signal, with a flag where one is given."""
        body = {} if active is None else {"signature": "b", "body": (active,)}
        self._bus.send(new_signal(DBusAddress(path, interface=interface), name, **body))

    def round_trip(self) -> None:
        """Return once the bus has taken everything that was sent."""
        self._bus.send_and_get_reply(message_bus.GetId())

    def listeners(self) -> int:
        """How many programs are on the bus."""
        names = self._bus.send_and_get_reply(message_bus.ListNames()).body[0]
        return sum(each.startswith(":") for each in names)

    def close(self) -> None:
        """Leave the bus."""
        self._bus.close()


class Logind(Program):
    """Owns logind's name. `session` is the id of the caller's session; None knows no sessions."""

    def __init__(self, address: str, session: str | None) -> None:
        super().__init__(address, LOGIND)
        self._session = session
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def answered(self) -> int:
        """Answer the calls that have come; never waits. Shape: how many there were so far."""
        with suppress(TimeoutError):
            while True:
                call = self._bus.receive(timeout=0)
                if call.header.message_type is MessageType.method_call:
                    self.calls.append((call.header.fields[HeaderFields.member], call.body))
                    self._bus.send(self._reply(call))
        return len(self.calls)

    def lock(self, session: str) -> None:
        """As `loginctl lock-session` does."""
        self.emit(session_path(session), f"{LOGIND}.Session", "Lock")

    def prepare_for_sleep(self, begins: bool) -> None:
        """Before sleep and, with False, after it."""
        self.emit(MANAGER.object_path, f"{LOGIND}.Manager", "PrepareForSleep", begins)

    def _reply(self, call: Message) -> Message:
        method, path = call.header.fields[HeaderFields.member], call.header.fields[HeaderFields.path]
        if self._session is None:
            return new_error(call, f"{LOGIND}.NoSuchSession", "s", ("No session known",))
        if method == "Get" and path == "/org/freedesktop/login1/session/auto":
            return new_method_return(call, "v", (("s", self._session),))
        assert (method, call.body) == ("GetSession", (self._session,))
        return new_method_return(call, "o", (session_path(self._session),))
