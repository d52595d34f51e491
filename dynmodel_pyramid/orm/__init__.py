"""Declarative classes for scripts and shells."""
