"""For tests of plugins and of this package; ``pip install dynmodel_pyramid[testing]`` installs its requirements.

``conformance``  :class:`FieldTypeConformance`, the tests that every type must pass whose values clients write
``given``        :class:`GivenFieldTypeConformance`, the tests of types with system values
``suite``        the part that both share
``formats``      :class:`FormatConformance`, the tests that every format of rows must pass
``asking``       their queries over HTTP: operators, aggregates, orders, casts, upserts
``operators``    the tests of the operators that a type declares
``checks``       the tests of a type's checks in the database
``cases``        :class:`Case`: options of a type with values under them
``strategies``   Hypothesis strategies of the built-in types' values, which stand in ``strategies_text``,
                 ``strategies_numeric`` and ``strategies_structured``
``driver``       tables of one field, driven over HTTP
``values``       JSON values to try, and their comparison
``databases``    real databases, SQLite and PostgreSQL
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"dynmodel_pyramid.testing.{module}"
        for module in ("suite", "asking", "checks", "conformance", "given", "driver", "formats")
    )
)

from dynmodel_pyramid.testing.cases import Case  # noqa: E402 after the line above
from dynmodel_pyramid.testing.conformance import FieldTypeConformance  # noqa: E402 after the line above
from dynmodel_pyramid.testing.formats import FormatConformance  # noqa: E402 after the line above
from dynmodel_pyramid.testing.given import GivenFieldTypeConformance  # noqa: E402 after the line above

__all__ = ["Case", "FieldTypeConformance", "FormatConformance", "GivenFieldTypeConformance"]
