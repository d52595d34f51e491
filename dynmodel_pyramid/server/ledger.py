"""What all connections of a process share: the space for spooled answers, the slots of answers that wait, the log."""

import logging
import threading
from typing import Any

from dynmodel_pyramid.server.settings import Limits
from dynmodel_pyramid.telemetry.lines import BoundedLog

log = logging.getLogger("dynmodel_pyramid.server")


class Ledger:
    """Counts the resources that are bounded for the whole process. All methods may be called from any thread."""

    #: The part of ``spool_total`` that the answers for one client may take.
    PART_OF_ONE = 4

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.log = BoundedLog(log)
        self.spooled = 0
        self.slots = 0
        self._lock = threading.Lock()

    def account(self, client: "Client", size: int) -> bool:
        """Whether the client has just begun, or just ceased, to have bytes in temporary files."""
        with self._lock:
            before = client.spooled
            self.spooled += size
            client.spooled += size
            return not before or not client.spooled

    def is_full(self, client: "Client") -> bool:
        total = self.limits.spool_total
        return self.spooled >= total or client.spooled >= total // self.PART_OF_ONE

    def take_slot(self) -> bool:
        with self._lock:
            if self.slots >= self.limits.answer_slots:
                return False
            self.slots += 1
            return True

    def return_slot(self) -> None:
        with self._lock:
            self.slots -= 1


class Client:
    """An address: its connections, how many of its requests run, and how much its answers have in files.

    :param address: empty where it is not known
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.channels: set[Any] = set()
        self.running = 0
        self.spooled = 0

    def load(self) -> int:
        """How many requests run or have answers that are not fully sent; any thread may ask."""
        # Copying a set is atomic; the polling thread changes it.
        return self.running + sum(bool(channel.total_outbufs_len) for channel in list(self.channels))
