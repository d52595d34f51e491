"""Field types that wrap packages which were not made for it: docs/field-types.md shows these modules as they are."""
