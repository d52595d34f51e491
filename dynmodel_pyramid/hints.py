"""The names that a client probably meant, for the hints of errors.

The caller gives the candidates, and only those that the client may see. ``difflib`` of the standard library compares
them. A library in C is much faster, but an error compares one name, and bounds keep that below 20 ms in the worst case
(1,000 names of 63 characters), below 1 ms for most tables.
"""

import difflib
import heapq
import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice, pairwise

#: Makes a hint, or None. Faults of a document have it, because hints are made for the first few faults only.
Hint = Callable[[], str | None]

#: The most characters of a name that is compared, and the most candidates.
LONGEST, MOST_CANDIDATES = 63, 1_000
#: The most candidates that are compared closely: those with the most pairs of letters in common.
_CLOSELY = 30
#: From 0 to 1; as of difflib.get_close_matches. One wrong letter of three is still near.
LEAST_RATIO = 0.6
#: Between the words of a name; people write them in many ways.
_BETWEEN = re.compile(r"[\s_.-]+")


def nearest(name: object, candidates: Iterable[str], *, most: int = 3) -> list[str]:
    """The candidates that are most like a name, best first; none if nothing is near.

    Those that differ in case, blanks, hyphens, dots and underscores only come before all others.
    """
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
        return []
    by_form: dict[str, list[str]] = {}
    for candidate in dict.fromkeys(islice(candidates, MOST_CANDIDATES)):
        if len(candidate) <= LONGEST:
            by_form.setdefault(_form(candidate), []).append(candidate)
    form = _form(name)
    same = by_form.pop(form, [])
    near = difflib.get_close_matches(form, _alike(form, by_form), n=most, cutoff=LEAST_RATIO) if not same else []
    found = [candidate for key in near for candidate in by_form[key]]
    return [*same, *found][:most]


def _alike(form: str, forms: Iterable[str]) -> list[str]:
    pairs = _pairs(form)
    return heapq.nlargest(_CLOSELY, forms, key=lambda other: len(pairs & _pairs(other)))


def _pairs(form: str) -> set[str]:
    """The pairs of neighbours in a text, its ends included, so that a text of one letter has pairs, too."""
    return {"".join(pair) for pair in pairwise(f" {form} ")}


def _form(name: str) -> str:
    return _BETWEEN.sub("", name.casefold()) or name.casefold()


def meant(name: object, candidates: Iterable[str], *, most: int = 3) -> str | None:
    """``did you mean price?`` of the :func:`nearest` candidates; None if nothing is near."""
    return asked(nearest(name, candidates, most=most))


def asked(names: list[str]) -> str | None:
    """``did you mean a or b?`` of some names; None of none."""
    return f"did you mean {either(names)}?" if names else None


def hint(name: object, candidates: Callable[[], Iterable[str]]) -> Hint:
    """What makes the hint :func:`meant` when it is needed."""
    return partial(_made, name, candidates)


def _made(name: object, candidates: Callable[[], Iterable[str]]) -> str | None:
    return meant(name, candidates())


def either(names: list[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``"""
    return " or ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
