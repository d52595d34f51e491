"""The page for browsers at ``/``: the service's description and its first tables, as plain HTML."""

from collections.abc import Sequence
from html import escape
from typing import Any

from dynmodel_pyramid.definitions import TableDefinition

#: How many tables the page lists.
LISTED = 100

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; vertical-align: top }}
code {{ background: #f3f3f3; padding: .1rem .3rem }}
</style>
<h1>{name} {version}</h1>
<p>Tables that are defined while the program runs, on {database}.
<a href="{tables}">All definitions</a> \N{MIDDLE DOT} <a href="{field_types}">Field types</a></p>
<h2>Tables</h2>
{listing}
<p>Field types: {types}</p>
</html>
"""


def service_page(description: dict[str, Any], tables: Sequence[TableDefinition], *, more: bool) -> str:
    """The page of a service document; ``more``: there are further tables."""
    links = description["links"]
    return _PAGE.format(
        name=escape(description["name"]),
        version=escape(description["version"]),
        database=escape(description["database"]),
        tables=escape(links["tables"]),
        field_types=escape(links["field_types"]),
        types=" ".join(f"<code>{escape(name)}</code>" for name in description["capabilities"]["field_types"]),
        listing=_listing(links["tables"], tables, more),
    )


def _listing(base: str, tables: Sequence[TableDefinition], more: bool) -> str:
    if not tables:
        return f"<p>There are none yet: <code>POST {escape(base)}</code> defines one.</p>"
    rows = "".join(_row(f"{escape(base)}{table.id}/", table) for table in tables)
    further = "<p>There are more.</p>" if more else ""
    return f"<table><tr><th>Table<th>Rows<th>Fields</tr>{rows}</table>{further}"


def _row(address: str, table: TableDefinition) -> str:
    fields = " ".join(f"<code>{escape(field.name)}: {escape(field.type)}</code>" for field in table.fields)
    label = f" {escape(table.label)}" if table.label else ""
    return (
        f'<tr><td><a href="{address}">{escape(table.model_name)}</a>{label}'
        f'<td><a href="{address}rows/?limit=100">rows</a><td>{fields}</tr>'
    )
