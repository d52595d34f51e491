"""Alembic migrations of the system tables; ``definitions.upgrade`` runs them."""
