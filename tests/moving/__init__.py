"""Moves of whole deployments between the databases."""
