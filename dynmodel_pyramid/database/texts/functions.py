"""The functions that PostgreSQL gets: the tables of :mod:`~.folding_table` as IMMUTABLE functions, for indexes.

They depend on no locale and no extension, and their names have the table's version: an index holds what the function
made of its rows. ``translate`` compares each character with each letter of its list, so a text is first asked for
letters of a block.
"""

from collections.abc import Iterable, Iterator, Mapping

from dynmodel_pyramid.database.texts import folding, folding_table


def fold_of(version: int) -> str:
    """The function of a version of the table."""
    return f"dynmodel_fold_{version}"


#: The names of the functions, each of one text.
FOLD = fold_of(folding_table.VERSION)
FOLD_ACCENTS = f"dynmodel_fold_accents_{folding_table.VERSION}"
WORDS = f"dynmodel_words_{folding_table.VERSION}"
#: SQLite's function of a query, a text, and whether accents are ignored.
SEARCH = "dynmodel_search"

#: The first code points of blocks that texts use together: Latin (three of them), marks, Greek, Cyrillic (two), ...
_BLOCKS = (0x80, 0x100, 0x180, 0x300, 0x370, 0x400, 0x460, 0x590, 0x1E00, 0x1F00, 0x2000, 0x2C00, 0xA640, 0x110000)


def statements(schema: str) -> Iterator[str]:
    """The statements that make the functions.

    :param schema: its name, quoted if need be
    """
    case = {code: chr(to) for code, to in folding.CASE.items()}
    yield _function(schema, FOLD, [*_lower(), *_translated(case)])
    single = {code: base for code, base in folding.ACCENTS.items() if len(base) < 2}
    several = {code: base for code, base in folding.ACCENTS.items() if len(base) > 1}
    accents = [f"t := {schema}.{FOLD}(t);", _RETURN_ASCII, *_translated(single)]
    accents += [f"t := replace(t, {_literal(chr(code))}, {_literal(base)});" for code, base in several.items()]
    yield _function(schema, FOLD_ACCENTS, accents)
    other = f"[^a-z0-9{''.join(_ranges())}]+"
    words = ["IF octet_length(t) = length(t) THEN RETURN regexp_replace(t, '[^a-z0-9]+', ' ', 'g'); END IF;"]
    yield _function(schema, WORDS, [*words, f"t := regexp_replace(t, {_literal(other)}, ' ', 'g');"])


_RETURN_ASCII = "IF octet_length(t) = length(t) THEN RETURN t; END IF;"


def _lower() -> list[str]:
    return ['t := lower(t COLLATE "C");', _RETURN_ASCII]


def _function(schema: str, name: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return (
        f"CREATE OR REPLACE FUNCTION {schema}.{name}(t text) RETURNS text\n"
        f"LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$\nBEGIN\n{body}\nRETURN t;\nEND\n$body$"
    )


def _translated(letters: Mapping[int, str]) -> Iterator[str]:
    """The letters in the place of others; at the end of a list are those that go."""
    for first, end in zip(_BLOCKS, _BLOCKS[1:], strict=False):
        block = {code: to for code, to in letters.items() if first <= code < end}
        if block:
            codes = sorted(block, key=lambda code: (not block[code], code))
            old, new = "".join(map(chr, codes)), "".join(block[code] for code in codes)
            pattern = _literal(f"[{''.join(_class(sorted(codes)))}]")
            yield f"IF t ~ {pattern} THEN t := translate(t, {_literal(old)}, {_literal(new)}); END IF;"


def _class(codes: list[int]) -> Iterator[str]:
    """The ranges of exactly these code points."""
    first = codes[0]
    for code, following in zip(codes, [*codes[1:], -1], strict=True):
        if following != code + 1:
            yield chr(first) if first == code else f"{chr(first)}-{chr(code)}"
            first = following


def _ranges() -> Iterator[str]:
    for word in folding_table.WORDS.split():
        low, _, high = word.partition("-")
        yield chr(int(low, 16)) + (f"-{chr(int(high, 16))}" if high else "")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
