"""Tables of texts on the console."""

import textwrap
from collections.abc import Iterator, Sequence

#: Of a line, in characters.
WIDTH = 100


def table(lines: Sequence[Sequence[str]], least: int = 20) -> Iterator[str]:
    """Lines whose cells stand below one another; the last cell goes on in further lines where it is long.

    :param least: the least width of the last cell, in characters
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    indent = " " * (sum(widths[:-1]) + 2 * (len(widths) - 1))
    for line in lines:
        start = "  ".join(cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False))
        width = max(WIDTH, len(indent) + least)
        yield from textwrap.wrap(
            f"{start}  {line[-1]}", width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
