import errno
import select
import socket
import time

import pytest

from dynmodel_pyramid.server.last_orders import take_nobody_more


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_who_waits_is_served_and_who_comes_later_is_refused(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.create_server((address, 0), family=family)
    waiting = socket.create_connection(listening.getsockname()[:2])
    take_nobody_more(listening)
    take_nobody_more(listening)  # as another process that shares it does
    late = socket.socket(family)
    late.setblocking(False)
    late.connect_ex(listening.getsockname())
    time.sleep(0.2)
    taken, _ = listening.accept()
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.accept()
    listening.close()
    waiting.sendall(b"asked")
    taken.sendall(b"answered")
    assert (taken.recv(10), waiting.recv(10)) == (b"asked", b"answered")
    assert select.select([], [late], [], 10)[1]
    assert late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
    for each in (waiting, taken, late):
        each.close()
