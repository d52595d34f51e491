"""What the page for people shows of a type: its line of help, and the module of JavaScript that edits its values."""

import inspect
import re
from pathlib import Path

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.fields.contract import FieldType

_PATH = re.compile(r"([A-Za-z0-9_-]+/)*[A-Za-z0-9_.-]+\.js")


def help_line(field_type: FieldType) -> str:
    """What the type is for, in one line: its own :attr:`FieldType.help`, else the docstring's first paragraph."""
    own: str = vars(type(field_type)).get("help", "")
    paragraph = inspect.cleandoc(type(field_type).__doc__ or "").partition("\n\n")[0]
    return own or " ".join(paragraph.split()).replace("``", "")


def editor_file(field_type: FieldType) -> Path | None:
    """The file of the type's editor, beside the module of the class that names it; None: the type has none.

    :raises ConfigurationProblem: it is not there, or lies elsewhere
    """
    name = field_type.editor
    if name is None:
        return None
    if not (isinstance(name, str) and _PATH.fullmatch(name)):
        raise ConfigurationProblem(
            f"its editor {name!r} is not the path of a module of JavaScript", hint='want a path such as "editor.js"'
        )
    owner = next(cls for cls in type(field_type).__mro__ if "editor" in vars(cls))
    module = Path(inspect.getfile(owner))
    if not (file := module.parent / name).is_file():
        raise ConfigurationProblem(
            f"its editor {name!r} is not beside {module}", hint="list it in the package_data of setup.py"
        )
    return file
