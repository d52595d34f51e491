"""Who may connect, and whose requests are served: one client address holds a bounded share.

*Connections.* An address may have ``connections_per_address`` of them. When all together are ``connection_limit``, a
newcomer takes the place of a connection of an address that has more. In both cases an idle connection is closed first,
the one that was idle longest; one whose request runs is never closed. Where no place can be made the newcomer is a
*guest*: one of ``GUESTS`` connections beyond the limits, on which operators' pages are answered. Any other request of a
guest waits for room, or is refused when its address has its share.

*Requests of a trusted proxy.* The proxy's connections are not counted by address. Its requests are counted by the
address that it forwards, from their beginning until their answers are sent. Requests beyond the share are refused.

Everything here runs in the polling thread.
"""

from collections.abc import Mapping
from typing import Any

from waitress.adjustments import Adjustments
from waitress.proxy_headers import MalformedProxyHeader, parse_proxy_headers

from dynmodel_pyramid.server.answers import refusal
from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.ledger import Client, Ledger
from dynmodel_pyramid.server.watch import ANSWER, BODY, HEAD, IDLE, QUEUED

#: Connections beyond ``connection_limit``.
GUESTS = 8
#: Seconds that a guest has for the headers of its request.
GUEST_TIMEOUT = 5.0
#: The phases of connections that may be closed to make room, in this order.
CLOSED_FIRST = (IDLE, HEAD, BODY, ANSWER, QUEUED)


class Gate:
    """
    :param places: all that waitress counts as connections (``wasyncore``'s map)
    """

    def __init__(self, ledger: Ledger, adj: Adjustments, places: Mapping[int, Any]) -> None:
        self._ledger = ledger
        self._adj = adj
        self._places = places
        self._share = ledger.limits.connections_per_address
        self._peers: dict[str, Client] = {}
        self._forwarded: dict[str, Client] = {}
        self._trusted = Client("")  # peers whose addresses say nothing: proxies, Unix sockets
        self._guests: list[Channel] = []
        self._parked: list[Channel] = []
        self._leaving: set[Channel] = set()  # to be closed after this turn

    def is_open(self) -> bool:
        """Whether a connection is to be accepted.

        Where a newcomer may push nobody out (all connections are of one address, or of the proxy), newcomers wait in
        the queue of the listening socket.
        """
        return self._excess() < 0 or len(self._guests) < GUESTS or len(self._peers) > 1

    def arrived(self, channel: Channel) -> None:
        """A connection was accepted: find a place for it."""
        peer = channel.addr[0]
        client = self._trusted if self._is_trusted(peer) else self._peers.setdefault(peer, Client(peer))
        channel.peer = channel.client = client
        client.channels.add(channel)
        if self._places_of(client) > self._share and not self._close_one(client, channel, (IDLE,)):
            self._receive_guest(channel, "its address has its share")
        elif self._excess() > 0 and not self._push_out(channel):
            self._receive_guest(channel, "connection_limit is reached")

    def left(self, channel: Channel) -> None:
        """A connection is closed, or will be."""
        self._leaving.discard(channel)
        for guests in (self._guests, self._parked):
            if channel in guests:
                guests.remove(channel)
        for client, known in ((channel.peer, self._peers), (channel.client, self._forwarded)):
            client.channels.discard(channel)
            if not client.channels and known.get(client.address) is client:
                del known[client.address]

    def holds(self, channel: Channel) -> bool:
        """Whether ``channel.requests[0]`` must not reach the application now: it is refused, or waits for room."""
        if channel in self._guests and not self._settle(channel):
            if self._places_of(channel.peer) >= self._share:
                detail = f"{channel.addr[0]} has {self._share} connections already"
                channel.reply(
                    refusal("503 Service Unavailable", code="too_many_connections", detail=detail, retry_after=1)
                )
                return True
            if not self._push_out(channel) or not self._settle(channel):
                self._parked.append(channel)
                return True
        return channel.peer is self._trusted and self._is_refused(channel)

    def admit(self) -> None:
        """Start requests that waited for room, where there is room now. Call it often."""
        for channel in list(self._parked):
            if self._settle(channel):
                channel.ask_to_start()
                channel.go_on()

    def look(self, now: float) -> None:
        """Called once a second."""
        for guest in list(self._guests):
            if guest not in self._parked and now - guest.since > GUEST_TIMEOUT:
                self._end(guest)

    # Places

    def _excess(self) -> int:
        """How many connections there are beyond the limit, guests not counted."""
        return len(self._places) - len(self._guests) - len(self._leaving) - self._adj.connection_limit

    def _end(self, channel: Channel) -> None:
        """Close a connection after this turn of the loop.

        Not at once: a new connection would get the same file descriptor, and with it the old one's remaining events of
        this turn.
        """
        self.left(channel)
        self._leaving.add(channel)
        channel.close_soon()

    def _places_of(self, client: Client) -> int:
        """How many connections count as the client's own: no guests, and none of a proxy."""
        if client is self._trusted:
            return 0
        return len(client.channels) - sum(guest.peer is client for guest in self._guests)

    def _push_out(self, newcomer: Channel) -> bool:
        """Close a connection of an address that has more; a proxy stands for many addresses, and keeps its own."""
        own = 0 if newcomer.peer is self._trusted else len(newcomer.peer.channels)
        for client in sorted(self._peers.values(), key=lambda client: -len(client.channels)):
            if len(client.channels) <= own:
                return False
            if self._close_one(client, newcomer, CLOSED_FIRST):
                return True
        return False

    def _close_one(self, client: Client, newcomer: Channel, phases: tuple[str, ...]) -> bool:
        """Close the client's least needed connection; false when there is none."""
        candidates = []
        for channel in client.channels:
            phase = channel.phase_to_end()
            if channel is not newcomer and channel not in self._guests and phase in phases:
                is_new = channel.watch.phase != phase
                candidates.append((is_new, phases.index(phase), channel.watch.since, id(channel), channel))
        if not candidates:
            return False
        channel = min(candidates)[-1]
        if channel.phase()[0] != IDLE:
            self._ledger.log.warning("displaced", "a connection of %s is closed: others need its place", client.address)
        self._end(channel)
        return True

    def _receive_guest(self, guest: Channel, reason: str) -> None:
        self._ledger.log.warning("guest", "no place for a connection of %s: %s", guest.addr[0], reason)
        self._guests.append(guest)
        if len(self._guests) > GUESTS:
            # Not the newest: a client that floods the server pushes out its own connections.
            self._end(max(self._guests, key=lambda channel: len(channel.peer.channels)))

    def _settle(self, guest: Channel) -> bool:
        """Make a guest an ordinary connection, if there is room."""
        place = self._guests.index(guest)
        del self._guests[place]
        if self._excess() > 0 or self._places_of(guest.peer) > self._share:
            self._guests.insert(place, guest)
            return False
        if guest in self._parked:
            self._parked.remove(guest)
        return True

    # Requests of a proxy

    def _is_trusted(self, peer: str) -> bool:
        return self._adj.trusted_proxy in ("*", peer) or peer == "localhost"  # waitress's name for a Unix socket's peer

    def _is_refused(self, channel: Channel) -> bool:
        address = self._forwarded_address(channel)
        client = channel.peer if address is None else self._forwarded.setdefault(address, Client(address))
        if client is not channel.client:
            self._move(channel, client)
        if address is None or sum(other.is_busy() for other in client.channels) <= self._share:
            return False
        detail = f"{address} has {self._share} requests under way already"
        answer = refusal("429 Too Many Requests", code="too_many_requests", detail=detail, retry_after=1, closes=False)
        channel.reply(answer)
        return True

    def _move(self, channel: Channel, client: Client) -> None:
        before = channel.client
        if before is not channel.peer:
            before.channels.discard(channel)
            if not before.channels:
                self._forwarded.pop(before.address, None)
        client.channels.add(channel)
        channel.client = client

    def _forwarded_address(self, channel: Channel) -> str | None:
        headers = channel.requests[0].headers
        environ = {"wsgi.url_scheme": "http"}
        for name in ("X_FORWARDED_FOR", "FORWARDED"):
            if name in headers:
                environ["HTTP_" + name] = headers[name]
        try:
            parse_proxy_headers(environ, self._adj.trusted_proxy_count, self._adj.trusted_proxy_headers)
        except MalformedProxyHeader:
            return None  # waitress answers 400 when the request runs
        return environ.get("REMOTE_ADDR")
