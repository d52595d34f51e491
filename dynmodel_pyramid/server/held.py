"""Answers that are held back until something is done that they promise: that the disk has what was written.

The thread that leads runs the next requests first, and then waits once for all of them: a disk takes many writes in the
time that it takes for one. An answer waits a few milliseconds longer than its own request took, and no longer if no
other request waits.
"""

import logging
from collections.abc import Callable, Hashable, Iterable

from dynmodel_pyramid.server.channel import Channel

log = logging.getLogger("dynmodel_pyramid.server")


def send(channels: Iterable[Channel]) -> None:
    """Do what the answers of some channels wait for, once for each key, and send them."""
    channels = list(channels)
    steps: dict[Hashable, Callable[[], None]] = {}
    for channel in channels:
        if (waits := channel.waits_for) is not None:
            steps[waits[0]] = waits[1]
    failed = {key for key, step in steps.items() if not _is_done(step)}
    for channel in channels:
        waits = channel.waits_for
        try:
            channel.release(is_kept=waits is not None and waits[0] not in failed)
        except BaseException:
            log.exception("an error while %r was answered", channel)
            channel.break_off()


def _is_done(step: Callable[[], None]) -> bool:
    try:
        step()
    except Exception as error:
        log.error("answers are withdrawn, as what they promise could not be done: %s", error)
        return False
    return True
