"""A field type in a distribution of its own: what docs/field-types.md describes, installed by tests/test_plugins.py."""

from setuptools import setup

setup(
    name="dynmodel-colour",
    version="1.2.3",
    description="A field type for colours",
    packages=["dynmodel_colour"],
    entry_points={"dynmodel_pyramid.field_types": ["colour = dynmodel_colour:Colour"]},
)
