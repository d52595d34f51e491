"""Definitions of tables: immutable values, their documents in and out, and the system tables that store them.

``model``            the values: :class:`TableDefinition`, :class:`FieldDefinition`, :class:`IndexDefinition`
``names``            rules for the names of tables and fields
``problems``         the faults of a document, each with its pointer
``reading``          a client's document -> definition; ``reading_fields`` and ``reading_options`` are its parts
``field_pairing``    pairs the fields of a document with a table's fields
``expressions``      the values of ``default_expression``
``writing``          definition -> the full document that clients get
``patching``         JSON Merge Patch on a full document
``reading_schema``   a document of all tables; ``schema_document`` writes it, ``schema_pairing`` pairs its tables
``compare``          compares two definitions: the ``operations`` that lead from one to the other
``store``            the system tables: load and save definitions, counters, the change log
``trashed``          the system tables' lines about the trash
``versions``         versions in the log, and rules that are still to be proven
``migrations``       Alembic migrations of older system tables; ``upgrade`` runs them, and makes new ones
"""

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition

__all__ = ["FieldDefinition", "IndexDefinition", "TableDefinition"]
