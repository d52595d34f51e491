"""Modules of JavaScript that field types bring (docs/field-types.md), beside the page's own files.

The name of a module has the hash of its content, so that browsers keep it as they keep the other files.
"""

from collections.abc import Callable
from hashlib import sha256

from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.pages import editor_file
from dynmodel_pyramid.web.page.assets import Asset


class TypeEditors:
    """
    :param types: gives the installed types, which an application may add to until it is made
    :param reload: read the modules each time they are asked for
    """

    def __init__(self, types: Callable[[], FieldTypes], *, reload: bool = False) -> None:
        self._types, self._reload = types, reload
        self._found: dict[str, tuple[str, Asset]] | None = None

    def _modules(self) -> dict[str, tuple[str, Asset]]:
        """Name of a type -> the name of its file, and the file."""
        if self._found is None or self._reload:
            found = {}
            for known in self._types():
                path = editor_file(known.field_type)
                if path is not None:
                    content = path.read_bytes()
                    name = f"{known.name}-{sha256(content).hexdigest()[:16]}.js"
                    found[known.name] = name, Asset(content, ".js")
            self._found = found
        return self._found

    def file_name(self, type_name: str) -> str | None:
        """The name of a type's file; None: the type has none."""
        name, _ = self._modules().get(type_name, (None, None))
        return name

    def files(self) -> dict[str, Asset]:
        return dict(self._modules().values())
