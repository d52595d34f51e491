"""The parts of a written workbook besides its cells (ECMA-376, part 1, annex L; part 2)."""

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from dynmodel_pyramid.exchange.xlsx.cells import text_cell
from dynmodel_pyramid.exchange.xlsx.sheet import letters_of

SHEET = "xl/worksheets/sheet1.xml"
SHEET_END = b"</sheetData></worksheet>"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
#: The first number that a format of a workbook's own may have.
_FIRST_FORMAT = 164
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/'
        'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>"
    ),
}
_FIXED_STYLES = (
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border>'
    "<left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
)
_PANE = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'


def package_parts(title: str, formats: Sequence[str]) -> dict[str, str]:
    """The parts by their names.

    :param title: of the sheet
    :param formats: the formats of numbers; the style of each has its number, from 1
    """
    sheet = f'<sheet name={quoteattr(_sheet_name(title))} sheetId="1" r:id="rId1"/>'
    parts = {
        **_PARTS,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheet}</sheets></workbook>',
        "xl/styles.xml": _styles(formats),
    }
    return {name: _HEAD + text for name, text in parts.items()}


def _sheet_name(title: str) -> str:
    """The title without the characters that names of sheets do not have, and not longer than they are."""
    return "".join("_" if character in "[]:*?/\\'" else character for character in title)[:31].strip() or "rows"


def _styles(formats: Sequence[str]) -> str:
    numbers = range(_FIRST_FORMAT, _FIRST_FORMAT + len(formats))
    own = [
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
        for number, code in zip(numbers, formats, strict=True)
    ]
    cells = [
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="{bool(number):d}"/>'
        for number in (0, *numbers)
    ]
    return (
        f'<styleSheet xmlns="{_MAIN}">'
        + (f'<numFmts count="{len(own)}">{"".join(own)}</numFmts>' if own else "")
        + f'{_FIXED_STYLES}<cellXfs count="{len(cells)}">{"".join(cells)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def sheet_head(widths: Sequence[int], names: Sequence[str]) -> str:
    """The beginning of the sheet, with the row of names.

    :param widths: of the columns, in characters; 0: as usual
    """
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, width in enumerate(widths, 1) if width
    )
    header = "".join(f'<c r="{letters_of(at)}1"{text_cell(name)}' for at, name in enumerate(names))
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{_PANE}</sheetView></sheetViews>'
        + (f"<cols>{columns}</cols>" if columns else "")
        + f'<sheetData><row r="1">{header}</row>'
    )
