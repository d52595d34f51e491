"""The type ``json``, for imports by authors of plugins (docs/field-types.md)."""

from dynmodel_pyramid.fields.types.json import Json, JsonDocument

__all__ = ["Json", "JsonDocument"]
