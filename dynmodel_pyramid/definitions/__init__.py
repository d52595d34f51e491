"""What a table is: immutable definitions, how documents become definitions and back, and where they are stored.

``model``     the values: :class:`TableDefinition`, :class:`FieldDefinition`, :class:`IndexDefinition`
``names``     which names tables and fields may have
``problems``  the faults of a document, each with its pointer
``reading``   a client's document -> definition, given the definition before; ``reading_fields``, ``reading_options``
              and ``reading_indexes`` are its parts
``expressions`` what ``default_expression`` makes for each row
``writing``   definition -> the full document that clients get
``patching``  JSON Merge Patch on a full document
``store``     the system tables: load and save definitions, counters, the change log
``migrations`` Alembic migrations of the system tables
"""

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition

__all__ = ["FieldDefinition", "IndexDefinition", "TableDefinition"]
