"""Arrow's IPC streams: a batch at a time is read and written. IPC files are read, too: they hold a stream."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from dynmodel_pyramid.exchange.arrow.batches import Batches
from dynmodel_pyramid.exchange.arrow.columns import ARROW, load_arrow
from dynmodel_pyramid.exchange.arrow.messages import CheckedMessages
from dynmodel_pyramid.exchange.arrow.records import Sink, records_of, refusing
from dynmodel_pyramid.exchange.contents import Reading, RecordContents
from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.exchange.forms import Form, Rows
from dynmodel_pyramid.exchange.packed import Growth
from dynmodel_pyramid.exchange.shown import Shown

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
#: A file's first bytes; the stream begins at the next multiple of eight (Arrow Columnar Format, "IPC File Format").
_FILE = b"ARROW1\0\0"


def read_stream(file: BinaryIO, reading: Reading) -> RecordContents:
    """
    :raises Malformed: it is no stream, or a column is of no use
    """
    pa = load_arrow()
    head = file.read(len(_FILE))
    with refusing("an Arrow stream"):
        messages = CheckedMessages(file, Growth(reading.most_bytes), b"" if head == _FILE else head)
        opened = load_arrow("pyarrow.ipc").open_stream(
            pa.PythonFile(messages, "r"),
            options=pa.ipc.IpcReadOptions(use_threads=False),
            memory_pool=pa.system_memory_pool(),
        )

    def batches() -> Iterator[Any]:
        yield from opened
        pa.system_memory_pool().release_unused()

    return records_of(opened.schema, batches(), reading, "an Arrow stream")


class ArrowForm(Form):
    """Batches as the rows come."""

    content_type = MEDIA_TYPE

    def __init__(self, shown: Shown) -> None:
        self._batches = Batches(shown)
        self.records = self._batches.records

    def parts(self, parts: Iterable[Rows]) -> Iterator[bytes]:
        pa, sink = load_arrow(), Sink()
        writer = pa.ipc.new_stream(pa.PythonFile(sink, "w"), self._batches.schema)
        for part in parts:
            for batch in self._batches.of(part):
                writer.write_batch(batch)
                yield sink.take()
        writer.close()
        yield sink.take()


ARROW_FORMAT = Format(MEDIA_TYPE, read_stream, ArrowForm, suffix=".arrows", is_text=False, requires=ARROW)
