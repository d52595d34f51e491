"""The fast path of CSV: whole lines without a quote are split by str.split, at 1.5 us for a record of 20 values instead
of 25. All others, and all faults, are left to :mod:`~.delimited`.
"""


def plain_records(text: str, position: int, longest: int, most: int) -> tuple[list[list[str | None]], int]:
    """The records of the lines before the next quote, and where the next record begins; none where a line is not plain.

    Lines end with LF or CRLF. The last one may be cut off, and is left.

    :param longest: the most characters of a record, with its line end
    :param most: the most values of a record
    """
    quote = text.find('"', position)
    end = text.rfind("\n", position, len(text) if quote < 0 else quote) + 1
    if end <= position:
        return [], position
    block = text[position:end]
    if "\r" in block:
        if block.count("\r") != block.count("\r\n"):
            return [], position
        block = block.replace("\r\n", "\n")
    lines = block[:-1].split("\n")
    if max(map(len, lines)) + 2 > longest:
        return [], position
    records: list[list[str | None]] = [line.split(",") for line in lines]  # type: ignore[misc]
    if max(map(len, records)) > most:
        return [], position
    if ",," in block or ",\n" in block or "\n," in block or "\n\n" in block or block[0] in ",\n":
        records = [[value or None for value in record] if "" in record else record for record in records]
    return records, end
