"""The names in a grant's list of fields, where ``*`` and ``-name`` have a meaning."""

from dynmodel_pyramid.queries.grammar.printing import quoted


def listed(name: str) -> str:
    """The form of a field's name: in double quotes, as in queries, if it looks like something else."""
    return quoted(name) if name == "*" or name[0] in '-"' else name
