"""Bodies in chunks as waitress reads them, with bounds for what is no body: the lines of sizes, and the trailers."""

from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest

#: Bytes of a chunk's size with its extensions, and of all trailers. They are kept until they are whole, and copied with
#: each further part of them.
LONGEST_LINE = 1024
LONGEST_TRAILER = 16_384


class Chunks(ChunkedReceiver):
    """waitress's receiver (RFC 9112, section 7.1)."""

    def received(self, s: bytes) -> int:
        taken: int = super().received(s)
        if len(self.control_line) > LONGEST_LINE:
            self.error = BadRequest(f"The size of a chunk has more than {LONGEST_LINE} bytes")
        elif len(self.trailer) > LONGEST_TRAILER and not self.completed:
            self.error = BadRequest(f"The trailers have more than {LONGEST_TRAILER} bytes")
        return taken
