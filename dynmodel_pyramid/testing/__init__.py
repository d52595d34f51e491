"""For tests, a plugin author's and ours; ``pip install dynmodel_pyramid[testing]`` brings what it needs.

``conformance``  :class:`FieldTypeConformance`, the tests that every field type must pass
``given``        :class:`GivenFieldTypeConformance`, those for types whose values the system gives
``suite``        what both share
``asking``       what both ask over HTTP: operators, aggregates, orders, casts, upserts
``operators``    what they ask of the operators that a type declares
``checks``       what both ask of the checks of the database
``cases``        :class:`Case`, what an author tells it about a type
``strategies``   Hypothesis strategies of the built-in types' values, which stand in ``strategies_text``,
                 ``strategies_numeric`` and ``strategies_structured``
``driver``       tables of one field, driven over HTTP
``values``       the JSON values that it tries, and how it compares
``databases``    real databases, SQLite and PostgreSQL
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"dynmodel_pyramid.testing.{module}"
        for module in ("suite", "asking", "checks", "conformance", "given", "driver")
    )
)

from dynmodel_pyramid.testing.cases import Case  # noqa: E402 after the line above
from dynmodel_pyramid.testing.conformance import FieldTypeConformance  # noqa: E402 after the line above
from dynmodel_pyramid.testing.given import GivenFieldTypeConformance  # noqa: E402 after the line above

__all__ = ["Case", "FieldTypeConformance", "GivenFieldTypeConformance"]
