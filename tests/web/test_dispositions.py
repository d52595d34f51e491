"""Names of files that lists have."""

import pytest

from dynmodel_pyramid.exchange.built_in import CSV_FORMAT, JSON_FORMAT
from dynmodel_pyramid.exchange.xlsx.writing import XLSX_FORMAT
from dynmodel_pyramid.web.http.answers import Answer
from dynmodel_pyramid.web.http.dispositions import tell_file


@pytest.mark.parametrize(
    ("title", "disposition"),
    [
        ("Product", 'attachment; filename="Product.xlsx"'),
        ("Größe 1", "attachment; filename=\"Gr__e 1.xlsx\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.xlsx"),
        ('a"; x="b\r\nSet-Cookie: c', 'attachment; filename="a__ x=_b__Set-Cookie_ c.xlsx"'),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd.xlsx"'),
        ("Price (EUR) %41", 'attachment; filename="Price (EUR) _41.xlsx"'),
        ("...", 'attachment; filename="rows.xlsx"'),
    ],
)
def test_safe_names(title, disposition):
    answer = Answer()
    tell_file(answer, XLSX_FORMAT, title)
    assert answer.headers["Content-Disposition"] == disposition


def test_texts_are_shown_and_json_is_no_file():
    answer = Answer()
    tell_file(answer, JSON_FORMAT, "Product")
    assert "Content-Disposition" not in answer.headers
    tell_file(answer, CSV_FORMAT, "Product")
    assert answer.headers["Content-Disposition"] == 'inline; filename="Product.csv"'
