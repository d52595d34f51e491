"""Clients that go away while their request waits for a thread, or runs.

waitress reads nothing from a connection whose request runs, so it would not see that. The end of a connection (TCP's
FIN) looks the same whether the client has gone or has only shut down its sending side; HTTP has no need of the latter,
so the client counts as gone.
"""

import select
import time
from collections.abc import Iterable

from dynmodel_pyramid.server.channel import Channel

#: Seconds between two looks while requests run. A client has that long to wait with half a connection, as ``nc -N``
#: does.
INTERVAL = 0.25
#: Reported even when the client has sent more before it went. Linux has it; elsewhere nobody is found to be gone before
#: the answer is sent.
_ENDED = getattr(select, "POLLRDHUP", None)


def departed(channels: Iterable[Channel]) -> list[Channel]:
    """The channels whose request is not answered yet, and whose client has gone."""
    if _ENDED is None:
        return []
    poll, watched = select.poll(), {}
    since = time.time() - INTERVAL  # wall clock: to be compared with waitress's last_activity
    for channel in channels:
        # Where a part of an answer waits for the client, sending it shows whether the client is there.
        is_due = channel.requests and channel.last_activity < since
        if is_due and channel.connected and not channel.total_outbufs_len:
            watched[channel.socket.fileno()] = channel
            poll.register(channel.socket, _ENDED)
    return [watched[number] for number, _ in poll.poll(0)] if watched else []
