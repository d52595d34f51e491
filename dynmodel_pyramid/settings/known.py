"""Every ``dynmodel.*`` key of an INI file: its parser, default and help, in one table."""

from dynmodel_pyramid.settings.values import (
    Setting,
    at_least,
    at_most,
    boolean,
    days,
    host_or_empty,
    hours,
    identifier,
    identifier_or_empty,
    json_path,
    long_secret,
    many_seconds,
    moment,
    one_line,
    one_of,
    origin_or_empty,
    rate,
    seconds,
    secret,
    tenant_name_or_empty,
    tenant_schemas,
    words,
)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "auto_upgrade",
        boolean,
        True,
        "Create and upgrade the system tables at start. When false, run dynmodel-upgrade first.",
    ),
    Setting(
        "schema",
        identifier,
        "public",
        "PostgreSQL: the schema in which all tables live. It is created if it is missing.",
    ),
    Setting(
        "tenants",
        one_of("none", "path", "host", "claim"),
        "none",
        "Whether the service has several tenants, each with tables and users of its own, and by what a request says "
        "which one it means: path (/NAME/...), host (NAME.dynmodel.tenant_domain), or a claim of its JSON Web Token.",
    ),
    Setting(
        "tenant",
        tenant_name_or_empty,
        "",
        "With dynmodel.tenants: the one tenant that this process, or this command, is for. Commands get it from "
        "DYNMODEL_TENANT, or from dynmodel-tenant run.",
    ),
    Setting(
        "tenant_domain",
        host_or_empty,
        "",
        "With dynmodel.tenants = host: the domain below which each tenant has its host name.",
    ),
    Setting(
        "tenant_claim",
        json_path,
        ("tenant",),
        "With dynmodel.tenants: the claim that names the tenant for which a JSON Web Token, or a sign-in with an "
        "OpenID provider, counts. Without it they count for none.",
    ),
    Setting(
        "tenant_schemas",
        tenant_schemas,
        "tenant_",
        "PostgreSQL, with dynmodel.tenants: the begin of the names of the tenants' schemas. On SQLite the files are in "
        "a folder beside the file of sqlalchemy.url: data.tenants beside data.sqlite.",
    ),
    Setting(
        "tenant_settings",
        one_line,
        "",
        "An INI file with settings of single tenants: a section for each, with keys such as trash_days = 7.",
    ),
    Setting(
        "table_prefix",
        identifier_or_empty,
        "",
        "Put before the name of every new user table in the database, to keep it apart from a host application's.",
    ),
    Setting(
        "lock_timeout",
        seconds,
        10.0,
        "Seconds a request waits for database locks, or for definitions to settle, before it answers 503. On "
        "PostgreSQL the wait for a lock may end a hundredth of that later.",
    ),
    Setting(
        "lock_attempt",
        seconds,
        0.1,
        "PostgreSQL: seconds of one attempt to lock a table for a definition change. Readers and writers that "
        "queue behind the attempt wait as long; between attempts they pass.",
    ),
    Setting(
        "replica_urls",
        words,
        (),
        "PostgreSQL: URLs of replicas, which answer reads of rows; ${NAME} is filled from the environment.",
        secret=True,
    ),
    Setting(
        "replica_max_age",
        seconds,
        2.0,
        "Seconds that the data of a replica may be old; the same in all processes. A replica that lags more is left "
        "out, and a change that takes rights away waits for one as long.",
    ),
    Setting(
        "replica_wait",
        seconds,
        0.05,
        "Seconds to wait for a replica that is only just behind the Consistency-Token of a request; then the primary "
        "answers.",
    ),
    Setting(
        "stream_grace",
        seconds,
        2.0,
        "PostgreSQL: seconds that a definition change waits for long answers whose clients do not read them; then it "
        "ends these answers. Other long answers may go on for half of dynmodel.lock_timeout.",
    ),
    Setting(
        "stream_timeout",
        seconds,
        1800.0,
        "Seconds that a long answer may take in all, while it holds a transaction; then it is broken off.",
    ),
    Setting(
        "online_rows",
        at_least(0),
        100_000,
        "PostgreSQL: from so many rows on (as the database estimates) checks, foreign keys and required fields are "
        "added NOT VALID, and validated while rows are read and written, which makes two versions. 0: never.",
    ),
    Setting(
        "class_cache_columns",
        at_least(1),
        5000,
        "How many columns the generated classes kept in memory have in all (about 10 KB each).",
    ),
    Setting(
        "trash_days",
        days,
        30,
        "Days after which dynmodel-purge destroys what is in the trash: dropped fields and tables, and old columns of "
        "conversions. 0: it is kept for ever.",
    ),
    Setting(
        "compress",
        boolean,
        True,
        "Answers of 1 KiB and more are in gzip, zstd or brotli where clients accept it. False: a proxy does that.",
    ),
    Setting(
        "page",
        boolean,
        True,
        "The page for people at /ui/, where a browser's request of the service's own address is sent to. False: there "
        "is none.",
    ),
    Setting("max_body_size", at_least(1), 67_108_864, "Bytes of a request's body; a longer one is answered 413."),
    Setting(
        "max_document_size",
        at_least(1),
        16_777_216,
        "Bytes of one document: a definition, a query, one row of many. It is read whole, which takes many times as "
        "much memory; a longer one is answered 413.",
    ),
    Setting("max_batch_operations", at_least(1), 1000, "Operations of one batch; more are answered 413."),
    Setting(
        "max_batch_rows",
        at_least(1),
        10_000,
        "Rows that the operations of one batch write, those that conditions find included; more are answered 413. Its "
        "transaction is open for the whole batch, and on SQLite nobody else writes meanwhile.",
    ),
    Setting(
        "max_nested_depth",
        at_least(0),
        3,
        "How deep rows may be nested in a row that is written with them; 0: not at all.",
    ),
    Setting(
        "max_expressions",
        at_least(1),
        1000,
        "Queries: conditions, values with any and all, groups, items of select and order, steps of JSON paths that one "
        "query may have.",
    ),
    Setting(
        "max_values",
        at_least(1),
        32_000,
        "Queries: values that the lists of one query may have, all together. SQLite takes 32,766 at most.",
    ),
    Setting(
        "max_query_size",
        at_least(1),
        1_048_576,
        "Queries: characters of a query string, or bytes of a query's document, which is answered 413 if it has more.",
    ),
    Setting("max_nesting", at_least(1), 20, "Queries: how deep groups, and JSON paths, may be nested."),
    Setting(
        "max_embedding", at_least(0), 10, "Queries: how deep relations may be embedded in one another; 0: not at all."
    ),
    Setting(
        "max_rows",
        at_least(0),
        0,
        "Queries: the most rows of one answer. One that would have more is refused, never cut. 0: any number.",
    ),
    Setting(
        "max_reverse",
        at_least(0),
        100,
        "Rows: the most ids that a row shows of the rows that link to it under one name. Where there are more, it "
        "shows the first ones, and that there are more. 0: any number.",
    ),
    Setting(
        "statement_timeout",
        seconds,
        30.0,
        "Queries: seconds that the database may take for a query before its first rows come; then it is 504.",
    ),
    Setting(
        "change_timeout",
        seconds,
        3600.0,
        "Definition changes and their plans: seconds of the database, on SQLite for all statements of one transaction, "
        "on PostgreSQL for each; then it is 504 and nothing is changed.",
    ),
    Setting(
        "plan_enabled",
        boolean,
        False,
        "Queries: whether clients may ask for execution plans (application/vnd.pgrst.plan). They show SQL and values: "
        "for development, or where all clients are trusted.",
    ),
    Setting(
        "rest_schema",
        identifier,
        "public",
        "/rest/: the schema that clients of PostgREST may name; it is a name alone.",
    ),
    Setting(
        "cors_origins",
        words,
        (),
        "Origins, separated by spaces, whose pages may call this service (CORS); * for all. Empty: none.",
    ),
    Setting(
        "sqlite_synchronous",
        one_of("full", "normal"),
        "full",
        "SQLite: by full an answer to a write waits until the disk has it; by normal the last writes may be lost when "
        "power fails.",
    ),
    Setting(
        "sqlite_mmap_size",
        at_least(0),
        1_073_741_824,
        "SQLite: bytes of a database file, from its beginning, that are read in place from the system's memory (mmap). "
        "A disk that fails to read them ends the process. 0: all is copied into each connection's own cache.",
    ),
    Setting(
        "access",
        one_of("enforced", "open"),
        "enforced",
        "enforced: identities do what their roles' grants allow. open: whoever sends no credential may do everything; "
        "for development on this machine.",
    ),
    Setting(
        "open_to",
        one_of("loopback", "anywhere"),
        "loopback",
        "With dynmodel.access = open: loopback refuses requests that do not come from this machine, or that another "
        "site's page sends. anywhere serves everybody, who may then do everything.",
    ),
    Setting(
        "public_url",
        origin_or_empty,
        "",
        "The origin of the service as browsers see it: https://data.example.org. Requests by cookie must come from its "
        "pages. Empty: the origin that the request itself was sent to.",
    ),
    Setting(
        "jwt_secret",
        secret,
        "",
        "The secret by which JSON Web Tokens are signed (HS256), at least 32 bytes. ${NAME} is filled in from the "
        "environment. Needs the extra jwt.",
        secret=True,
    ),
    Setting(
        "jwt_jwks_url",
        one_line,
        "",
        "Where the public keys of JSON Web Tokens are (a JWK Set), by https. Needs the extra jwt, and "
        "dynmodel.jwt_audience and dynmodel.jwt_issuer.",
    ),
    Setting("jwt_jwks_file", one_line, "", "The same as a file, which is read again when it has changed."),
    Setting(
        "jwks_max_age",
        seconds,
        3600.0,
        "Seconds after which public keys, of JSON Web Tokens and of the OpenID provider, are fetched again.",
    ),
    Setting(
        "jwt_algorithms",
        words,
        (),
        "Algorithms that JSON Web Tokens may be signed by. Empty: HS256 with a secret, "
        "RS256 and ES256 with public keys.",
    ),
    Setting(
        "jwt_audience",
        words,
        (),
        "Audiences, separated by spaces, of which a JSON Web Token must name one (aud). Empty: tokens that name an "
        "audience are refused.",
    ),
    Setting(
        "jwt_issuer",
        words,
        (),
        "Issuers, separated by spaces, of which one must have made a JSON Web Token (iss). Empty: whoever "
        "has the secret.",
    ),
    Setting(
        "jwt_role_claim",
        json_path,
        ("role",),
        "Where a JSON Web Token has its role, or an array of roles: keys with dots between them, such as app.roles.",
    ),
    Setting(
        "jwt_roles",
        words,
        (),
        "The roles that JSON Web Tokens may bring, separated by spaces. Others are left out, admin too. Empty: none.",
    ),
    Setting(
        "jwt_not_before",
        moment,
        0.0,
        "JSON Web Tokens that were issued (iat) before this moment are refused: 2026-01-31T12:00:00Z.",
    ),
    Setting(
        "oidc_issuer",
        one_line,
        "",
        "The OpenID provider that people may sign in with, as it names itself: https://login.example.org. Needs the "
        "extra oidc, dynmodel.public_url and the client's id and secret.",
    ),
    Setting("oidc_client_id", one_line, "", "The id that the OpenID provider knows this service by."),
    Setting(
        "oidc_client_secret",
        secret,
        "",
        "The secret of this service at the OpenID provider. ${NAME} is filled in from the environment.",
        secret=True,
    ),
    Setting("oidc_scopes", words, ("openid", "profile", "email"), "What is asked for at the OpenID provider."),
    Setting(
        "oidc_create_users",
        boolean,
        False,
        "Whether a user is made for who signs in with the OpenID provider for the first time.",
    ),
    Setting("oidc_roles", words, (), "The roles of users that are made so, separated by spaces."),
    Setting(
        "oidc_name_claim",
        one_line,
        "preferred_username",
        "The claim of the OpenID provider that names a user that is made so.",
    ),
    Setting(
        "insecure_loopback",
        boolean,
        False,
        "Whether dynmodel.jwt_jwks_url and dynmodel.oidc_issuer may be http addresses of this machine: for tests.",
    ),
    Setting(
        "requests_per_second",
        rate,
        0.0,
        "Requests a second that an identity, or without one an address, may send on average; more are answered 429. "
        "0: any number.",
    ),
    Setting(
        "requests_burst",
        at_least(0),
        0,
        "Requests that may come at once before dynmodel.requests_per_second holds. 0: those of ten seconds.",
    ),
    Setting(
        "metrics",
        boolean,
        False,
        "Whether /metrics tells Prometheus what the service does. Without dynmodel.metrics_token it answers programs "
        "on this machine only. Needs the extra metrics.",
    ),
    Setting(
        "metrics_token",
        long_secret,
        "",
        "The bearer token with which /metrics may be seen from anywhere, at least 16 characters. ${NAME} is filled in "
        "from the environment.",
        secret=True,
    ),
    Setting(
        "metrics_tables",
        at_most(200),
        0,
        "How many tables have metrics of their own, by their ids: the first ones that are asked for, at most 200.",
    ),
    Setting(
        "metrics_file",
        one_line,
        "",
        "A file in which processes of other servers than dynmodel-serve share their metrics, on a file system in "
        "memory, such as /dev/shm/dynmodel-metrics. Delete it to begin anew.",
    ),
    Setting(
        "slow_statement",
        seconds,
        1.0,
        "Seconds from which on a statement of the database counts as slow.",
    ),
    Setting(
        "slow_request",
        seconds,
        5.0,
        "Seconds from which on a request counts as slow, and has a line in the log with the statement that took "
        "longest, without its values.",
    ),
    Setting(
        "request_log",
        one_of("off", "errors", "all"),
        "errors",
        "Which requests have a line in the log: errors are answers of 500 and above, and slow requests.",
    ),
    Setting(
        "log_format",
        one_of("text", "json"),
        "text",
        "json: all handlers of the root logger write one line of JSON for each record.",
    ),
    Setting(
        "tracing",
        boolean,
        False,
        "Whether requests have spans of OpenTelemetry. Needs the extra otel.",
    ),
    Setting(
        "max_tables", at_least(1), 10_000, "How many tables there may be; the definition of one more is answered 409."
    ),
    Setting(
        "session_idle",
        many_seconds,
        28_800.0,
        "Seconds after whose last request a session of a user ends: 8 hours.",
    ),
    Setting(
        "session_lifetime",
        many_seconds,
        604_800.0,
        "Seconds after which a session ends in any case: 7 days.",
    ),
    Setting(
        "signin_failures",
        at_least(1),
        10,
        "Failed sign-ins of one user from one address, within dynmodel.signin_window; then it is 429.",
    ),
    Setting(
        "signin_failures_by_address",
        at_least(1),
        100,
        "Failed sign-ins of any users from one address (of IPv6: from one network of 64 bits), likewise.",
    ),
    Setting(
        "signin_window",
        seconds,
        900.0,
        "Seconds for which failed sign-ins are counted, from the first one on.",
    ),
    Setting(
        "password_hashes",
        at_least(1),
        2,
        "Passwords that one process hashes at a time; each takes 64 MiB and a core for some 50 ms.",
    ),
    Setting("max_tokens", at_least(1), 100, "How many tokens one identity may have at a time."),
    Setting(
        "idempotency_hours",
        hours,
        24,
        "Hours for which the answer to a request with an Idempotency-Key is kept, and repeated.",
    ),
    Setting(
        "max_kept_answer",
        at_least(0),
        1_048_576,
        "Bytes of an answer that may be kept for an Idempotency-Key. A request whose answer is longer is refused, and "
        "changes nothing.",
    ),
    Setting(
        "max_kept_answers",
        at_least(1),
        100_000,
        "How many answers may be kept for the keys of one identity; one more request with a key is answered 429.",
    ),
    Setting(
        "max_kept_answers_size",
        at_least(1),
        268_435_456,
        "Bytes that the answers may have that are kept for the keys of one identity, likewise.",
    ),
    Setting(
        "audit_days",
        days,
        365,
        "Days for which the audit is kept. 0: for ever.",
    ),
)

#: What a section of ``dynmodel.tenant_settings`` may set.
OF_TENANTS = frozenset(
    {
        "audit_days",
        "idempotency_hours",
        "max_kept_answers",
        "max_kept_answers_size",
        "max_reverse",
        "max_tables",
        "max_tokens",
        "session_idle",
        "session_lifetime",
        "trash_days",
    }
)
