"""The text-like built-in types: the conformance suite, and what is particular to each of them."""

import sys
from urllib.parse import urlsplit

import colander
import jsonschema
import pytest
import webtest
from hypothesis import given, settings
from hypothesis import strategies as st

import dynmodel_pyramid
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.fields.types.internet import IpAddress, IpText, parse_ip, write_ip
from dynmodel_pyramid.testing import Case, FieldTypeConformance
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.strategies_text import STRATEGIES

TYPES = FieldTypes()
TYPES.load_entry_points()


class TestEmail(FieldTypeConformance):
    type_name = "email"
    cases = [
        Case(
            valid=[
                "ada@example.org",
                ("Ada.Lovelace+x@Example.ORG", "Ada.Lovelace+x@example.org"),
                ("ada@xn--bcher-kva.example.com", "ada@bücher.example.com"),
                ("a\u0308da@example.org", "\u00e4da@example.org"),
                "o'neill@example.org",
            ],
            invalid=[
                ("", "invalid_format"),
                ("ada", "invalid_format"),
                ("ada@", "invalid_format"),
                ("ada@localhost", "invalid_format"),
                ("ada@[192.0.2.1]", "invalid_format"),
                ('"ada"@example.org', "invalid_format"),
                ("Ada <ada@example.org>", "invalid_format"),
                ("a..b@example.org", "invalid_format"),
                ("a.@example.org", "invalid_format"),
                ("x" * 65 + "@example.org", "invalid_format"),
                ("x" * 310 + "@example.org", "too_long"),
                ("a\0@example.org", "unstorable_text"),
                (1, "wrong_type"),
            ],
            texts={" ada@Example.org ": "ada@example.org"},
        ),
        Case(
            {"lowercase": True},
            ["ada@example.org", ("Bob@Example.ORG", "bob@example.org"), ("ÄDA@example.org", "äda@example.org")],
            [("Ada@", "invalid_format")],
        ),
    ]


class TestUrl(FieldTypeConformance):
    type_name = "url"
    cases = [
        Case(
            valid=[
                "http://example.org",
                "HTTPS://Example.ORG:8443/a/../b;c?d=e&f%5B%5D=g#h",
                "https://user:word@[2001:db8::1]:80/",
                "http://localhost/%7Efoo",
                "http://192.0.2.1",
                "http://xn--bcher-kva.example/",
                "https://example.org/?",
            ],
            invalid=[
                ("", "invalid_format"),
                ("example.org", "invalid_format"),
                ("//example.org", "invalid_format"),
                ("http:example.org", "invalid_format"),
                ("http:///path", "invalid_format"),
                ("http://:80/", "invalid_format"),
                ("http://example.org:99999/", "invalid_format"),
                ("http://exam ple.org/", "invalid_format"),
                ("http://example.org/ä", "invalid_format"),
                ("http://example.org/%zz", "invalid_format"),
                ("http://example.org\\@evil.example", "invalid_format"),
                ("http://[::1", "invalid_format"),
                ("javascript:alert(1)", "invalid_format"),
                ("ftp://example.org/", "invalid_format"),
                ("http://example.org/" + "x" * 2030, "too_long"),
                (1, "wrong_type"),
            ],
            texts={" http://example.org/ ": "http://example.org/"},
        ),
        Case(
            {"schemes": ["mailto", "ftp"], "max_length": 30},
            ["mailto:ada@example.org", "ftp://example.org/file"],
            [
                ("http://example.org/", "invalid_format"),
                ("ftp:file", "invalid_format"),
                ("mailto:" + "x" * 24, "too_long"),
            ],
        ),
    ]


class TestSlug(FieldTypeConformance):
    type_name = "slug"
    cases = [
        Case(
            valid=["red-shoes-2", "a", "0", "a-b", "ab", "x" * 100],
            invalid=[
                ("", "invalid_format"),
                ("Red", "invalid_format"),
                ("-a", "invalid_format"),
                ("a-", "invalid_format"),
                ("a--b", "invalid_format"),
                ("a_b", "invalid_format"),
                ("ä", "invalid_format"),
                ("٣", "invalid_format"),
                ("x" * 101, "too_long"),
                (1, "wrong_type"),
            ],
            texts={" red ": "red"},
        ),
        Case({"max_length": 3}, ["abc", "a-b"], [("abcd", "too_long")]),
    ]


class TestPhone(FieldTypeConformance):
    type_name = "phone"
    cases = [
        Case(
            valid=[
                "+442079460123",
                ("+44 (20) 7946-0123", "+442079460123"),
                ("+44 (0)20 7946 0124", "+442079460124"),
                "+390612345678",
                "+18005550199",
                ("+49 30/123456", "+4930123456"),
            ],
            invalid=[
                ("", "invalid_format"),
                ("+", "invalid_format"),
                ("020 7946 0123", "invalid_format"),
                ("+44 1", "invalid_format"),
                ("+999123456789", "invalid_format"),
                ("+442079460123 ext. 4", "invalid_format"),
                ("tel:+442079460123", "invalid_format"),
                ("+1-800-FLOWERS", "invalid_format"),
                ("٠٢٠٧٩٤٦٠١٢٣", "invalid_format"),
                ("+" + "1" * 40, "too_long"),
                (442079460123, "wrong_type"),
            ],
            texts={" +44 20 7946 0123 ": "+442079460123"},
        ),
        Case(
            {"region": "GB"},
            [("020 7946 0123", "+442079460123"), ("+49 30 123456", "+4930123456"), ("00 49 30 123457", "+4930123457")],
            [("1", "invalid_format"), ("110", "invalid_format")],
        ),
    ]


class TestColour(FieldTypeConformance):
    type_name = "colour"
    cases = [
        Case(
            valid=["#00ff80", ("#FFFFFF", "#ffffff"), ("#aBcDeF", "#abcdef")],
            invalid=[
                ("", "invalid_format"),
                ("red", "invalid_format"),
                ("#fff", "invalid_format"),
                ("00ff80", "invalid_format"),
                ("#00ff8080", "invalid_format"),
                ("#00ff800000", "too_long"),
                (255, "wrong_type"),
            ],
            texts={" #ABCDEF ": "#abcdef"},
        ),
        Case({"alpha": True}, ["#00ff80", ("#00FF80CC", "#00ff80cc")], [("#0000000", "invalid_format")]),
    ]


UUIDS = [
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "919108f7-52d1-4320-9bac-f847db4148a8",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "7fffffff-ffff-ffff-ffff-ffffffffffff",
    "80000000-0000-0000-0000-000000000000",
]


class TestUuid(FieldTypeConformance):
    type_name = "uuid"
    cases = [
        Case(
            valid=[*UUIDS, ("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF7", "f81d4fae-7dec-11d0-a765-00a0c91e6bf7")],
            invalid=[
                ("", "invalid_format"),
                ("{f81d4fae-7dec-11d0-a765-00a0c91e6b}", "invalid_format"),
                ("f81d4fae-7dec-11d0-a76500-a0c91e6bf6", "invalid_format"),
                ("g81d4fae-7dec-11d0-a765-00a0c91e6bf6", "invalid_format"),
                (1, "wrong_type"),
            ],
            texts={f" {UUIDS[0].upper()} ": UUIDS[0]},
        )
    ]


class TestIpAddress(FieldTypeConformance):
    type_name = "ip_address"
    cases = [
        Case(
            valid=[
                "192.0.2.10",
                "192.0.2.9",
                "10.0.0.1",
                "255.255.255.255",
                "0.0.0.0",
                "::",
                "::1",
                "ffff::",
                ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
                "2001:db8::2",
                ("::ffff:c000:201", "::ffff:192.0.2.1"),
                ("2001:db8::192.0.2.1", "2001:db8::c000:201"),
            ],
            invalid=[
                ("", "invalid_format"),
                ("192.0.2", "invalid_format"),
                ("192.0.2.256", "invalid_format"),
                ("192.0.2.01", "invalid_format"),
                ("192.0.2.1/32", "invalid_format"),
                ("fe80::1%eth0", "invalid_format"),
                ("[::1]", "invalid_format"),
                ("::1::", "invalid_format"),
                ("١.0.0.1", "invalid_format"),
                ("1" * 50, "too_long"),
                (3221225985, "wrong_type"),
            ],
            texts={" 192.0.2.1 ": "192.0.2.1"},
        ),
        Case({"version": 4}, ["192.0.2.1", "192.0.2.2"], [("::1", "invalid_format")]),
        Case({"version": 6}, ["::1", "2001:db8::1"], [("192.0.2.1", "invalid_format")]),
    ]


# Properties


def validator(name, **options):
    return TYPES[name].schema_node(read_options(TYPES[name], options))


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_give_valid_values(name):
    """Every value is taken, its answer stands for itself, and both have a text form."""
    node, form = validator(name), TYPES[name].text_form(read_options(TYPES[name], {}))

    @given(STRATEGIES[name])
    def check(drawn):
        value, answer = drawn if type(drawn) is tuple else (drawn, drawn)
        made = node.deserialize(value)
        assert node.deserialize(answer) == made
        assert node.deserialize(form.from_text(form.to_text(made))) == made

    check()


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12), st.booleans())
def test_normal_forms_of_addresses_in_unicode(local, label, lowercase):
    node = validator("email", lowercase=lowercase)
    try:
        made = node.deserialize(f"{local}@{label}.example.org")
    except colander.Invalid as error:
        assert error.code in ("invalid_format", "unstorable_text")
        return
    assert node.deserialize(made) == made


@given(st.text("htps:/@[]0123456789.%aF?#-_ \\\n", max_size=30))
def test_only_urls_of_the_standard_are_taken(text):
    """Whatever is taken has a host that the standard library sees, too, and is what JSON Schema calls a uri."""
    text = f"http://{text}"
    try:
        made = validator("url").deserialize(text)  # without blanks at its ends
    except colander.Invalid as error:
        assert error.code == "invalid_format"
        return
    assert urlsplit(made).hostname
    assert jsonschema.FormatChecker().conforms(made, "uri")
    assert not set(made) & set(" \\\n")


@given(st.ip_addresses(), st.ip_addresses())
def test_addresses_sort_as_numbers(one, other):
    """What SQLite stores sorts as PostgreSQL's inet: by version, then by number."""
    kind = IpText()

    class SQLite:
        name = "sqlite"

    stored = [kind.process_bind_param(write_ip(address), SQLite) for address in (one, other)]
    assert [kind.process_result_value(text, SQLite) for text in stored] == [write_ip(one), write_ip(other)]
    keys = [(address.version, int(address)) for address in (one, other)]
    assert (stored[0] < stored[1]) == (keys[0] < keys[1])
    assert parse_ip(write_ip(one)) == one
    assert IpAddress().fast_path({"version": None})(write_ip(one)) == (one.version == 4)


# Options


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("url", {"schemes": []}),
        ("url", {"schemes": ["HTTP"]}),
        ("url", {"schemes": ["http", "http"]}),
        ("url", {"schemes": ["http:"]}),
        ("url", {"max_length": 0}),
        ("url", {"max_length": 8001}),
        ("slug", {"max_length": 256}),
        ("phone", {"region": "gb"}),
        ("phone", {"region": "XX"}),
        ("phone", {"region": "001"}),
        ("ip_address", {"version": 5}),
    ],
)
def test_options_that_make_no_sense(application, name, options):
    document = {"model_name": "Refused", "fields": {"value": {"type": name, **options}}}
    (problem,) = application.post_json("/table/", document, status=422).json["errors"]
    assert problem["code"] == "invalid_option"
    assert problem["pointer"] == f"/fields/value/{next(iter(options))}"


# Extras

NEEDED = {
    "email": ("email_validator", "email", "ada@example.org"),
    "phone": ("phonenumbers", "phone", "+442079460123"),
    "url": ("rfc3986_validator", "url", "http://example.org/"),
}


@pytest.fixture(params=DATABASES)
def application(request, tmp_path):
    with database_settings(request.param, tmp_path) as given_settings:
        wsgi = dynmodel_pyramid.main({}, **given_settings)
        yield webtest.TestApp(wsgi)
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.mark.parametrize("name", NEEDED)
def test_without_the_library_a_definition_is_refused(application, monkeypatch, name):
    library, extra, _ = NEEDED[name]
    monkeypatch.setitem(sys.modules, library, None)
    listed = application.get("/field-type/").json
    assert name in str(listed)
    document = {"model_name": "Refused", "fields": {"key": "integer", "value": name}}
    (problem,) = application.post_json("/table/", document, status=422).json["errors"]
    assert (problem["pointer"], problem["code"]) == ("/fields/value/type", "extra_missing")
    assert f'pip install "dynmodel_pyramid[{extra}]"' in problem["detail"]


def test_without_the_library_options_that_need_it_are_refused(application, monkeypatch):
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    document = {"model_name": "Refused", "fields": {"value": {"type": "phone", "region": "GB"}}}
    (problem,) = application.post_json("/table/", document, status=422).json["errors"]
    assert (problem["pointer"], problem["code"]) == ("/fields/value/type", "extra_missing")


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize("name", NEEDED)
def test_without_the_library_a_stored_table_waits(tmp_path, monkeypatch, name, default):
    """Its definition can be read, its rows can't be written, the field can be dropped; with the library all is back."""
    library, extra, value = NEEDED[name]
    field = {"type": name, "default": value} if default else {"type": name}
    with database_settings("sqlite", tmp_path) as given_settings:

        def start():
            return webtest.TestApp(dynmodel_pyramid.main({}, **given_settings))

        app = start()
        path = app.post_json("/table/", {"model_name": "Kept", "fields": {"key": "integer", "value": field}}).location
        row = app.post_json(f"{path}rows/", {"value": value}).json
        with monkeypatch.context() as without:
            without.setitem(sys.modules, library, None)
            app = start()
            assert app.get(path, status=200).json["fields"]["value"]["type"] == name
            refused = app.post_json(f"{path}rows/", {"value": value}, status=409).json
            assert refused["code"] == "extra_missing"
            # Only a default has to be brought to its stored form before rows can be read.
            app.get(f"{path}rows/", status=409 if default else 200)
            assert refused["hint"] == f'pip install "dynmodel_pyramid[{extra}]"'
        app = start()
        assert app.get(f"{path}rows/{row['id']}/").json == row
        with monkeypatch.context() as without:
            without.setitem(sys.modules, library, None)
            app = start()
            app.put_json(path, {"model_name": "Kept", "fields": {"key": "integer"}}, status=200)
            assert app.get(f"{path}rows/").json == [{"id": row["id"], "key": None}]


# Hostile input is refused in no time: lengths first, and no pattern that runs away.


@settings(deadline=500)
@given(
    st.sampled_from(list(STRATEGIES)),
    st.sampled_from(["a", "-", "a-", "0", "@", "a@", ".", "%41", "/", ":", "1:", "(", "+1", "ä", "🙂"]),
    st.integers(1, 8000),
    st.sampled_from(["", "http://", "http://a@", "http://[", "a@", "+", "#", "::"]),
)
def test_long_texts_take_no_time(name, piece, times, start):
    node = validator(name, **({"max_length": 8000} if name == "url" else {}))
    try:
        node.deserialize(start + piece * times + "!")
    except ValueError:
        raise
    except colander.Invalid as error:
        assert error.code
