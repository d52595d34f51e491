"""The type ``json``, where authors of plugins import it from (docs/field-types.md)."""

from dynmodel_pyramid.fields.types.json import Json, JsonDocument

__all__ = ["Json", "JsonDocument"]
