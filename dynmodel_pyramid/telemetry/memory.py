"""Where the numbers are: of one process in its own memory, of several in memory that they share.

The memory is a file that has no name (``memfd_create``), which belongs to the parent of ``dynmodel-serve``; its workers
find it by an environment variable. Or it is a file that a setting names, for processes of other servers.

It has a part for each process. A part belongs to one process at a time, whose number stands in it. When that process
has ended, another one takes its part over, and counts on: so counters survive the death of a process, and only its
gauges are forgotten. A part of another layout (a reload brought other code) begins anew.

prometheus_client's own files for several processes (its multiprocess mode) were not taken; decision 36 says why.
"""

import contextlib
import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Iterator

from dynmodel_pyramid.telemetry.families import FAMILIES, LAYOUT, MOST_TABLES, SIZE, Gauge

#: Names the memory. Not ``DYNMODEL_``: that is for settings.
VARIABLE = "_DYNMODEL_METRICS"
#: The beginning: ids of the tables that have a place of their own, 0 for none.
_IDS = struct.Struct(f"{MOST_TABLES}q")
#: The beginning of a part: its layout, the number of the process that has it.
_HEAD = 2
_PART = (_HEAD + SIZE) * 8
_PARTS = 256
_WHOLE = _IDS.size + _PART * _PARTS
_GAUGES = [slice(family.start, family.start + family.size) for family in FAMILIES if isinstance(family, Gauge)]


class Memory:
    """The numbers of all processes; ``values`` are those of this one, to be written under ``lock``.

    :param path: of the memory that is shared; None: this process has memory of its own
    """

    def __init__(self, path: str | None = None) -> None:
        self.lock = threading.Lock()
        self.process = os.getpid()
        self._ids: dict[int, int] = {}
        self._file: int | None = None
        self._map: mmap.mmap | None = None
        self.values: memoryview[float] = _numbers(SIZE)
        if path is not None:
            self._open(path)

    def _open(self, path: str) -> None:
        """
        :raises OSError: the file can't be opened
        """
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            if os.fstat(number).st_size < _WHOLE:
                os.ftruncate(number, _WHOLE)
            memory = mmap.mmap(number, _WHOLE)
            part = self._free_part(memory)
        except BaseException:
            os.close(number)
            raise
        fcntl.flock(number, fcntl.LOCK_UN)
        self._file, self._map = number, memory
        if part is not None:
            self.values = part[_HEAD:]

    def _free_part(self, memory: mmap.mmap) -> "memoryview[float] | None":
        """The best part that no process has: one with this layout, then one that nobody had before."""
        free = [part for part in _parts(memory) if not _is_alive(int(part[1]))]
        if not free:
            return None  # this process counts for itself
        part = min(free, key=lambda part: (part[0] != LAYOUT, part[0] != 0))
        if part[0] != LAYOUT:
            part[_HEAD:] = _numbers(SIZE)
        for place in _GAUGES:
            part[_HEAD:][place] = _numbers(place.stop - place.start)
        part[0], part[1] = LAYOUT, os.getpid()
        return part

    def forget(self, process: int) -> None:
        """Note that a process has ended; the next one that starts goes on with its counters."""
        if self._map is not None:
            for part in _parts(self._map):
                if part[1] == process:
                    part[1] = 0

    def all_values(self) -> Iterator[tuple[list[float], bool]]:
        """The numbers of each process, and whether it is alive."""
        is_there = False
        own = os.getpid()
        for part in _parts(self._map) if self._map is not None else ():
            if part[0] == LAYOUT:
                is_own = part[1] == own
                is_there = is_there or is_own
                yield list(part[_HEAD:]), is_own or _is_alive(int(part[1]))
        if not is_there:
            yield list(self.values), True

    def place_of(self, table_id: int, most: int) -> int | None:
        """The place of a table: the same in all processes. None where ``most`` others have one."""
        place = self._ids.get(table_id)
        if place is None:
            with self.lock, self._others_locked():
                place = self._find_place(table_id, most)
                if len(self._ids) > 10 * MOST_TABLES:
                    self._ids = {known: place for known, place in self._ids.items() if place >= 0}
                self._ids[table_id] = place
        return place if place >= 0 else None

    def _find_place(self, table_id: int, most: int) -> int:
        known = self.table_ids()
        if table_id in known:
            return known.index(table_id)
        free = known.index(0) if 0 in known else MOST_TABLES
        if free >= min(most, MOST_TABLES):
            return -1
        if self._map is not None:
            struct.pack_into("q", self._map, free * 8, table_id)
        return free

    def table_ids(self) -> list[int]:
        """The ids of the tables, by their places."""
        if self._map is not None:
            return list(_IDS.unpack_from(self._map))
        ids = [0] * MOST_TABLES
        for table_id, place in list(self._ids.items()):
            if place >= 0:
                ids[place] = table_id
        return ids

    @contextlib.contextmanager
    def _others_locked(self) -> Iterator[None]:
        """A context that one process has at a time."""
        if self._file is None:
            yield
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def _numbers(count: int) -> "memoryview[float]":
    """Zeros."""
    return memoryview(bytearray(count * 8)).cast("d")


def _parts(memory: mmap.mmap) -> "Iterator[memoryview[float]]":
    whole = memoryview(memory)
    for number in range(_PARTS):
        start = _IDS.size + number * _PART
        yield whole[start : start + _PART].cast("d")


def _is_alive(process: int) -> bool:
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # another user's
    return True


def share() -> int | None:
    """Make memory for processes that are started from now on; -> its descriptor, which must stay open."""
    if not hasattr(os, "memfd_create"):
        return None
    number = os.memfd_create("metrics")
    os.environ[VARIABLE] = f"/proc/{os.getpid()}/fd/{number}"
    return number
