"""A field type and a format in a distribution of their own, as docs/field-types.md and docs/formats.md describe.

tests/test_plugins.py installs it.
"""

from setuptools import setup

setup(
    name="dynmodel-chess",
    version="1.2.3",
    description="A field type for squares of a chess board, and a format of lists of them",
    packages=["dynmodel_chess"],
    package_data={"dynmodel_chess": ["*.js"]},
    entry_points={
        "dynmodel_pyramid.field_types": ["chess_square = dynmodel_chess:ChessSquare"],
        "dynmodel_pyramid.row_formats": ["squares = dynmodel_chess.squares:FORMAT"],
    },
)
