"""A field type in a distribution of its own: what docs/field-types.md describes, installed by tests/test_plugins.py."""

from setuptools import setup

setup(
    name="dynmodel-chess",
    version="1.2.3",
    description="A field type for squares of a chess board",
    packages=["dynmodel_chess"],
    entry_points={"dynmodel_pyramid.field_types": ["chess_square = dynmodel_chess:ChessSquare"]},
)
