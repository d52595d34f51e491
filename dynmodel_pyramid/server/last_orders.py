"""A listening socket that takes nobody more, before it is closed: who waits in its queue stays there."""

import contextlib
import socket
import struct
import sys

#: Linux, asm-generic/socket.h and linux/filter.h: ``BPF_RET | BPF_K``, an instruction that keeps no byte of a packet.
_SO_ATTACH_FILTER = 26
_KEEP_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)


def take_nobody_more(sock: socket.socket) -> None:
    """Let the kernel drop what comes to a listening socket, in all processes that share it, for good (Linux, socket(7),
    SO_ATTACH_FILTER; elsewhere nothing happens). For whoever stops all of them.

    Who connects later tries again after a second, and is refused, as the socket is closed by then. Without this a
    client that comes between the last look at the queue and the close is reset, though its request may be lost.
    """
    if sys.platform != "linux" or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    import ctypes

    instructions = ctypes.create_string_buffer(_KEEP_NOTHING)
    program = struct.pack("HP", 1, ctypes.addressof(instructions))
    with contextlib.suppress(OSError):  # where that is forbidden
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
