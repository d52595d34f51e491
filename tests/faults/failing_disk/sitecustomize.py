"""Loaded by Python itself at its start, from PYTHONPATH: writing through to the disk fails while a file is there."""

import errno
import os

_write_through = os.fdatasync
_file = os.environ["FAILING_DISK"]


def fdatasync(descriptor: int) -> None:
    if os.path.exists(_file):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    _write_through(descriptor)


os.fdatasync = fdatasync
