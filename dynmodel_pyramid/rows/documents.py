"""Rows of the driver -> the dictionaries that become JSON objects, by code that is made for their form.

100 rows of 21 values with five booleans, processor time beside ``dict(zip(names, row))``: 0.72, of values that are
processed on the way; processing them by columns first takes 1.42. It is a third of what a page's rows cost.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

#: What makes a value of the driver's one, by the value's place; in the order of places.
Processors = Sequence[tuple[int, Callable[[Any], Any]]]
#: The most forms of rows whose code is kept; 20 KB each for 20 values.
FORMS = 256


def documents(names: Sequence[str], rows: Sequence[Sequence[Any]], processors: Processors = ()) -> list[dict[str, Any]]:
    """
    :param names: of the first values of each row; all rows have the same number of values
    """
    if not rows:
        return []
    count = len(names)
    used = [(place, process) for place, process in processors if place < count]
    make = _maker(count, len(rows[0]), tuple(place for place, _ in used))
    made: list[dict[str, Any]] = make(rows, names, [process for _, process in used])
    return made


@lru_cache(maxsize=FORMS)
def _maker(count: int, width: int, places: tuple[int, ...]) -> Callable[..., list[dict[str, Any]]]:
    """The code for rows with this many names and values; it has numbers in it only, no name and no value.

    A copy of a dictionary with all keys has its room at once; one that grows is made anew twice for 20 keys.
    """
    values = [
        f"document[n{place}] = " + (f"p{place}(v{place})" if place in places else f"v{place}") for place in range(count)
    ]
    source = [
        "def make(rows, names, processes):",
        f" {_targets('n', range(count))} = names",
        f" {_targets('p', places)} = processes",
        " copy, made = dict.fromkeys(names).copy, []",
        " add = made.append",
        f" for {_targets('v', range(width))} in rows:",
        "  document = copy()",
        *[f"  {line}" for line in values],
        "  add(document)",
        " return made",
    ]
    space: dict[str, Any] = {}
    exec("\n".join(source), space)
    return space["make"]


def _targets(letter: str, places: Sequence[int]) -> str:
    return f"[{', '.join(f'{letter}{place}' for place in places)}]"
