"""Workbooks of Excel: XLSX (ECMA-376, Office Open XML). The standard library's parts are enough for them.

``archive``   the zip file, with bounds on what comes out
``xml``       XML in parts, without entities
``workbook``  sheets, formats of numbers, shared texts
``serials``   days and times as the numbers that cells have
``sheet``     the cells of a sheet, row by row
``reading``   a sheet as records
``cells``     values of answers as cells
``package``   the parts of a written workbook besides its cells
``writing``   rows as a workbook
"""

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Excel's limits ("Excel specifications and limits").
MAX_ROWS, MAX_COLUMNS, MAX_TEXT = 1_048_576, 16_384, 32_767
