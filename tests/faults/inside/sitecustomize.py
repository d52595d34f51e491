"""Loaded by Python itself at its start, from PYTHONPATH, in the processes of the service."""

import errno
import os
import select
import time

_write_through = os.fdatasync


def fdatasync(descriptor: int) -> None:
    """Fail while a file is there."""
    if os.path.exists(os.environ["FAILING_DISK"]):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    _write_through(descriptor)


def sleep(seconds: float) -> None:
    """libfaketime 0.9.10 refuses the system call that Python sleeps by."""
    select.select((), (), (), seconds)


if "FAILING_DISK" in os.environ:
    os.fdatasync = fdatasync
if "FAKETIME_TIMESTAMP_FILE" in os.environ:
    time.sleep = sleep
