"""XML in parts, by expat: no entities of its own, no long tags."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.parsers import expat

from dynmodel_pyramid.exchange.xlsx.archive import broken

#: The most bytes of one tag, with its attributes.
_LONGEST_TAG = 1_048_576
#: Between the name of a namespace and a name.
SEPARATOR = "}"


def parser() -> Any:
    """A parser that names elements by their namespaces, too."""
    made = expat.ParserCreate(None, SEPARATOR)
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _no_entities
    return made


def _no_entities(*_: Any) -> None:
    raise broken("its XML has a document type")


def fed(made: Any, pieces: Iterable[bytes], name: str) -> Iterator[None]:
    """Parse the pieces; what the parser's handlers have found may be taken after each.

    :raises Malformed: they are not XML
    """
    given = 0
    try:
        for piece in pieces:
            made.Parse(piece)
            given += len(piece)
            if given - made.CurrentByteIndex > _LONGEST_TAG:
                raise broken(f"a tag of the part {name} is too long")
            yield
        made.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise broken(f"the part {name}: {error}") from None


def parse(made: Any, pieces: Iterable[bytes], name: str) -> None:
    for _ in fed(made, pieces, name):
        pass


def elements(pieces: Iterable[bytes], name: str, found: Callable[[str, dict[str, str]], None]) -> None:
    """Call a function with each element's name, without its namespace, and its attributes."""
    made = parser()
    made.StartElementHandler = lambda tag, attributes: found(local(tag), attributes)
    parse(made, pieces, name)


def local(tag: str) -> str:
    return tag.rpartition(SEPARATOR)[2]
