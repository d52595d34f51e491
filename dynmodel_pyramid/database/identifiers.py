"""Names of tables and columns in SQL, whatever characters they have.

SQLAlchemy names a statement's parameters after columns, and searches finished SQL for its placeholders. A name may look
like one (``%(x)s``), and its letters may not be allowed in one. So parameters get names of their own, and quoted parts
of a statement are passed over.
"""

import re
import string

import sqlalchemy as sa

#: Each character that a parameter's name may not have -> a private character, which no name of ours has: two columns
#: never share a parameter.
_ESCAPED = {letter: chr(0xE000 + ord(letter)) for letter in (*string.punctuation, " ") if letter != "_"}
#: What SQLAlchemy searches for (``SQLCompiler._positional_pattern``, with the same groups), but not in quotes.
_PLACES = re.compile(r""""[^"]*"|'[^']*'|%\(([^)]+)\)s|__\[POSTCOMPILE_([^\]~\s]+)(~~(?:[^~]|~(?!~\]))*~~)?\]""")


def make_safe(dialect: sa.Dialect) -> None:
    """Let an engine's dialect compile statements with such names."""
    compiler = dialect.statement_compiler
    members = {"bindname_escape_characters": _ESCAPED, "_positional_pattern": _PLACES}
    dialect.statement_compiler = type(compiler.__name__, (compiler,), members)


def quote_identifier(name: str, schema: str | None = None) -> str:
    """A quoted name, for SQL that the driver gets without parameters: there ``%`` stands for itself."""
    quoted = '"' + name.replace('"', '""') + '"'
    return quoted if schema is None else f"{quote_identifier(schema)}.{quoted}"


def without_parameters(sql: str, dialect: sa.Dialect) -> str:
    """Compiled SQL in the form in which the driver takes it without parameters, and people read it.

    The compiler doubles each ``%`` for drivers whose parameters begin with it.
    """
    return sql.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else sql
