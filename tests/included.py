"""A package that an INI file names under ``pyramid.includes``: it brings a field type and a setting."""

from dynmodel_pyramid.fields.types.boolean import Boolean
from dynmodel_pyramid.settings.values import Setting, at_least


class Lamp(Boolean):
    """On or off."""


def includeme(config):
    config.include("dynmodel_pyramid")  # once, whoever asks first; it brings the directives
    config.add_field_type("lamp", Lamp)
    config.add_dynmodel_setting(Setting("lamps", at_least(0), 1, "How many lamps there are."))
