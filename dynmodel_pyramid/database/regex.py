"""The only module that runs clients' regular expressions. It uses RE2, whose time grows only linearly with the text.

A back-tracking engine such as Python's ``re`` may take years for sixty characters, and holds the interpreter's lock
meanwhile. RE2 has no back-references and no look-around, and releases the lock while it runs.

Patterns reach this module in RE2's own syntax: :mod:`dynmodel_pyramid.fields.python_patterns` translates those of the
option ``pattern``, :mod:`dynmodel_pyramid.fields.sql.regular` those of the operators ``match`` and ``imatch``. Both
bound the size of a pattern; a text may take RE2 some 4 ns for each character and each atom of the pattern.
"""

import functools

import re2

#: The most bytes of memory for one pattern, with the states of its automaton.
MEMORY = 1 << 20
#: How many compiled patterns are kept; together they take 64 MiB at most.
_KEPT = 64


@functools.lru_cache(_KEPT)
def _compiled(pattern: str):
    options = re2.Options()
    options.dot_nl = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError("want a smaller regular expression") from error


def check(pattern: str) -> None:
    """:raises ValueError: the engine refuses the pattern; for a translated pattern that means that it is too large"""
    _compiled(pattern)


def instructions(pattern: str) -> int:
    """The size of the compiled pattern: each character of a text may cost that many instructions."""
    return _compiled(pattern).programsize


def finds(pattern: str, text: str) -> bool:
    """Whether a part of the text matches."""
    return _compiled(pattern).search(text.encode("utf-8", "surrogatepass")) is not None


def takes(pattern: str, text: str) -> bool:
    """Whether the whole text matches."""
    return _compiled(pattern).fullmatch(text.encode("utf-8", "surrogatepass")) is not None
