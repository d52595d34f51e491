"""A format: a square in each line."""

from dynmodel_pyramid.exchange.contents import RecordContents
from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.exchange.forms import Form


class Squares(Form):
    content_type = "text/x-squares; charset=utf-8"

    def __init__(self, shown):
        self._place = list(shown.names).index("square")

    def part(self, rows):
        return "".join(f"{row[self._place] or ''}\n" for row in rows).encode()


def read(file, reading):
    def chunks():
        while line := file.readline(reading.longest):
            yield [[line.decode().strip()]]

    return RecordContents(["square"], chunks(), is_text=True)


FORMAT = Format("text/x-squares", read, Squares, suffix=".squares")
