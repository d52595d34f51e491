"""Answers that are held back: until something is done that they promise, or to be sent with others.

*For the disk.* A write is to be on the disk before it is answered. The thread that leads runs the next requests first,
and then waits once for all of them: a disk takes many writes in the time that it takes for one.

*With others.* To send an answer wakes its client, which then runs at once, in this thread's place where it is on the
same machine, as a proxy is. So while further requests wait, short answers are sent some at a time.

An answer waits a few milliseconds longer than its own request took, and no longer if no other request waits.
"""

import logging
from collections.abc import Hashable, Iterable

from dynmodel_pyramid.server.channel import Channel

log = logging.getLogger("dynmodel_pyramid.server")

_WITH_OTHERS = "with others"


def hold_for_others(channel: Channel) -> None:
    channel.hold(_WITH_OTHERS, lambda: None)


def is_ready(channel: Channel) -> bool:
    """Whether an answer that is held waits for nothing but others."""
    return channel.waits_for is not None and channel.waits_for[0] == _WITH_OTHERS


def send(channels: Iterable[Channel]) -> None:
    """Do what the answers of some channels wait for, once for each key, and send them."""
    waiting: dict[Hashable, list[Channel]] = {}
    for channel in channels:
        if channel.waits_for is not None:
            waiting.setdefault(channel.waits_for[0], []).append(channel)
    for together in waiting.values():
        is_kept = _is_done(together[-1])
        for channel in together:
            try:
                channel.release(is_kept=is_kept)
            except BaseException:
                log.exception("an error while %r was answered", channel)
                channel.break_off()


def _is_done(channel: Channel) -> bool:
    assert channel.waits_for is not None
    try:
        channel.waits_for[1]()
    except Exception as error:
        log.error("answers are withdrawn, as what they promise could not be done: %s", error)
        return False
    return True
