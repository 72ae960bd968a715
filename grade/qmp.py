"""QEMU's control channel (QMP) over one end of a socket pair: no path, no port. Queries leave the guest's clock alone; only a stop moves
it, and a run is stopped for good before anything is asked that could matter."""

import json
import select
import time

from .errors import GraderFault


class Closed(Exception):
    """QEMU has ended."""


class Qmp:
    """sock: our end. Messages are JSON objects, one a line, at most a few kilobytes."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.events = []  # events that came while an answer was awaited, oldest first

    def message(self, seconds):
        """The next message (a dict), or None if none comes in that time. Raises Closed."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                return None
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                raise Closed
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def event(self, seconds):
        """The next event, or None. Raises Closed."""
        if self.events:
            return self.events.pop(0)
        message = self.message(seconds)
        return message if message and "event" in message else None

    def ask(self, command, seconds=60, **arguments):
        """The answer to a command. Raises Closed; GraderFault if QEMU refuses or does not answer."""
        try:
            self.sock.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        except OSError:
            raise Closed from None
        while True:
            message = self.message(seconds)
            if message is None:
                raise GraderFault(f"QEMU does not answer {command}")
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise GraderFault(f"QEMU refuses {command}: {message['error'].get('desc')}")
            elif "return" in message:
                return message["return"]

    def monitor(self, line):
        """What the human monitor prints for a line."""
        return self.ask("human-monitor-command", **{"command-line": line}).replace("\r", "")
