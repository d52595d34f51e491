CREATE SCHEMA earlier;
CREATE SEQUENCE earlier._seq_1
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE earlier."Author" (
    id bigint DEFAULT nextval('earlier._seq_1'::regclass) NOT NULL,
    _version bigint DEFAULT '1'::bigint NOT NULL,
    _created timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    _updated timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    name text COLLATE pg_catalog."C",
    CONSTRAINT _ck_1_1_max_length CHECK ((length(name) <= 255))
);
CREATE SEQUENCE earlier._seq_2
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE earlier."Book" (
    id bigint DEFAULT nextval('earlier._seq_2'::regclass) NOT NULL,
    _version bigint DEFAULT '1'::bigint NOT NULL,
    _created timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    _updated timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    title text NOT NULL COLLATE pg_catalog."C",
    isbn text COLLATE pg_catalog."C",
    pages bigint,
    weight double precision,
    "out" date,
    at timestamp with time zone,
    is_new boolean DEFAULT true,
    more jsonb,
    author bigint,
    _trash_2 text COLLATE pg_catalog."C",
    _trash_1 text COLLATE pg_catalog."C",
    number bigint,
    price numeric(18,2),
    labels text[],
    mark uuid,
    code text COLLATE pg_catalog."C",
    rated bigint,
    CONSTRAINT _ck_2_15_max_items CHECK ((cardinality(labels) <= 100)),
    CONSTRAINT _ck_2_17_max_length CHECK ((length(code) <= 255)),
    CONSTRAINT _ck_2_1_max_length CHECK ((length(title) <= 40)),
    CONSTRAINT _ck_2_2_max_length CHECK ((length(isbn) <= 255)),
    CONSTRAINT _ck_2_3_min CHECK ((pages >= 0))
);
CREATE TABLE earlier._dynmodel_access_change (
    revision bigint NOT NULL,
    stamp character varying(32) NOT NULL,
    subject text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text
);
CREATE TABLE earlier._dynmodel_alembic (
    version_num character varying(32) NOT NULL
);
CREATE TABLE earlier._dynmodel_audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    identity text,
    address text,
    request_id text,
    detail json NOT NULL,
    count integer NOT NULL
);
CREATE SEQUENCE earlier._dynmodel_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_audit_id_seq OWNED BY earlier._dynmodel_audit.id;
CREATE TABLE earlier._dynmodel_change (
    revision bigint NOT NULL,
    table_id bigint NOT NULL,
    stamp character varying(32) NOT NULL,
    version bigint NOT NULL,
    name_before text,
    name_after text,
    changed_at timestamp with time zone NOT NULL,
    changed_by text,
    document json NOT NULL
);
CREATE TABLE earlier._dynmodel_counter (
    table_id bigint NOT NULL,
    field_id integer NOT NULL,
    last bigint NOT NULL
);
CREATE TABLE earlier._dynmodel_failure (
    key character varying(64) NOT NULL,
    count integer NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL
);
CREATE TABLE earlier._dynmodel_login (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE earlier._dynmodel_quarantine (
    id bigint NOT NULL,
    table_id bigint NOT NULL,
    field_id integer NOT NULL,
    row_id bigint NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    kept_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE earlier._dynmodel_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_quarantine_id_seq OWNED BY earlier._dynmodel_quarantine.id;
CREATE TABLE earlier._dynmodel_role (
    name text NOT NULL,
    document json NOT NULL
);
CREATE TABLE earlier._dynmodel_session (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    address text
);
CREATE SEQUENCE earlier._dynmodel_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_session_id_seq OWNED BY earlier._dynmodel_session.id;
CREATE TABLE earlier._dynmodel_state (
    id integer NOT NULL,
    definitions bigint NOT NULL,
    access bigint NOT NULL,
    stamp character varying(32) NOT NULL,
    access_stamp character varying(32) DEFAULT '86c73eb3ccd0ba38f8fc5d47f6c77e4d'::character varying NOT NULL
);
CREATE TABLE earlier._dynmodel_table (
    id bigint NOT NULL,
    version bigint NOT NULL,
    name_key text,
    physical_name text NOT NULL,
    document json NOT NULL,
    dropped_at timestamp with time zone
);
CREATE SEQUENCE earlier._dynmodel_table_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_table_id_seq OWNED BY earlier._dynmodel_table.id;
CREATE TABLE earlier._dynmodel_token (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    name text NOT NULL,
    user_id bigint,
    roles json NOT NULL,
    narrowing json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone
);
CREATE SEQUENCE earlier._dynmodel_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_token_id_seq OWNED BY earlier._dynmodel_token.id;
CREATE TABLE earlier._dynmodel_trash (
    id bigint NOT NULL,
    table_id bigint NOT NULL,
    field_id integer NOT NULL,
    physical_name text NOT NULL,
    document json NOT NULL,
    dropped_at timestamp with time zone NOT NULL,
    dropped_version bigint NOT NULL
);
CREATE SEQUENCE earlier._dynmodel_trash_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_trash_id_seq OWNED BY earlier._dynmodel_trash.id;
CREATE TABLE earlier._dynmodel_user (
    id bigint NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    email text,
    roles json NOT NULL,
    claims json NOT NULL,
    password text,
    disabled boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    password_changed_at timestamp with time zone
);
CREATE SEQUENCE earlier._dynmodel_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_user_id_seq OWNED BY earlier._dynmodel_user.id;
CREATE TABLE earlier._links_2_10 (
    row_id bigint NOT NULL,
    value bigint NOT NULL,
    "position" integer NOT NULL
);
CREATE SEQUENCE earlier._seq_3
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE earlier._trash_table_3 (
    id bigint DEFAULT nextval('earlier._seq_3'::regclass) CONSTRAINT "Dropped_id_not_null" NOT NULL,
    _version bigint DEFAULT '1'::bigint CONSTRAINT "Dropped__version_not_null" NOT NULL,
    _created timestamp with time zone DEFAULT CURRENT_TIMESTAMP CONSTRAINT "Dropped__created_not_null" NOT NULL,
    _updated timestamp with time zone DEFAULT CURRENT_TIMESTAMP CONSTRAINT "Dropped__updated_not_null" NOT NULL,
    a text COLLATE pg_catalog."C",
    author bigint,
    CONSTRAINT _ck_3_1_max_length CHECK ((length(a) <= 255))
);
ALTER TABLE ONLY earlier._dynmodel_audit ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_audit_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_quarantine ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_quarantine_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_session ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_session_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_table ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_table_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_token ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_token_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_trash ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_trash_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_user ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_user_id_seq'::regclass);
INSERT INTO earlier."Author" VALUES (1, 1, '2026-12-01 18:32:43.643988+00', '2026-12-01 18:32:43.643988+00', 'Author 1');
INSERT INTO earlier."Author" VALUES (2, 1, '2026-12-01 18:32:43.747322+00', '2026-12-01 18:32:43.747322+00', 'Author 2');
INSERT INTO earlier."Author" VALUES (3, 1, '2026-12-01 18:32:43.778431+00', '2026-12-01 18:32:43.778431+00', 'Author 3');
INSERT INTO earlier."Book" VALUES (1, 1, '2026-12-01 18:32:43.99958+00', '2026-12-01 18:32:43.99958+00', 'Der 1. Weg', 'I1', 100, 0.14285714285714285, '2026-01-31', '2026-01-31 12:00:01.123456+00', true, '{"a": 1, "b": [1, null, "x"]}', 2, 'gone 1', '1', 1, 1.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf1', 'Code1', 1);
INSERT INTO earlier."Book" VALUES (2, 1, '2026-12-01 18:32:44.237043+00', '2026-12-01 18:32:44.237043+00', 'Der 2. Weg', 'I2', 200, 0.2857142857142857, '2026-01-31', '2026-01-31 12:00:02.123456+00', true, '{"a": 2, "b": [1, null, "x"]}', 3, 'gone 2', '2', 2, 2.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf2', 'Code2', 2);
INSERT INTO earlier."Book" VALUES (3, 1, '2026-12-01 18:32:44.416704+00', '2026-12-01 18:32:44.416704+00', 'Der 3. Weg', 'I3', 300, 0.42857142857142855, '2026-01-31', '2026-01-31 12:00:03.123456+00', true, '{"a": 3, "b": [1, null, "x"]}', 1, 'gone 3', '3', 3, 3.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf3', 'Code3', 3);
INSERT INTO earlier."Book" VALUES (4, 1, '2026-12-01 18:32:44.546825+00', '2026-12-01 18:32:44.546825+00', 'Der 4. Weg', 'I4', 400, 0.5714285714285714, '2026-01-31', '2026-01-31 12:00:04.123456+00', true, '{"a": 4, "b": [1, null, "x"]}', 2, 'gone 4', 'four', 4, 4.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf4', 'Code4', NULL);
INSERT INTO earlier."Book" VALUES (5, 1, '2026-12-01 18:32:44.674077+00', '2026-12-01 18:32:44.674077+00', 'Der 5. Weg', 'I5', 500, 0.7142857142857143, '2026-01-31', '2026-01-31 12:00:05.123456+00', true, '{"a": 5, "b": [1, null, "x"]}', 3, 'gone 5', '5', 5, 5.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf5', 'Code5', 5);
INSERT INTO earlier._dynmodel_access_change VALUES (1, 'b5b30780eb07699de331b37cc9961545', 'grants', '2026-12-01 18:32:47.084084+00', NULL);
INSERT INTO earlier._dynmodel_alembic VALUES ('0004');
INSERT INTO earlier._dynmodel_audit VALUES (1, '2026-12-01 18:32:47.097189+00', 'access_changed', NULL, '127.0.0.1', 'e08d67d51cd9e7fc', '{"revision": 1, "roles": ["clerk"]}', 1);
INSERT INTO earlier._dynmodel_audit VALUES (2, '2026-12-01 18:32:49.319565+00', 'user_created', NULL, '127.0.0.1', '5176dcb1becbf32f', '{"user": 1, "name": "Ann", "roles": ["clerk"]}', 1);
INSERT INTO earlier._dynmodel_audit VALUES (3, '2026-12-01 18:32:49.387945+00', 'token_created', NULL, '127.0.0.1', '2d4d6285e8e63649', '{"token": 1, "name": "program", "user": null}', 1);
INSERT INTO earlier._dynmodel_change VALUES (1, 1, '88f02ed0391e5d44882a300f67478124', 1, NULL, 'author', '2026-12-01 18:32:42.535217+00', NULL, '{"id": 1, "model_name": "Author", "version": 1, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (2, 2, '0ec16ef724e85acfbaa3b1f1ee672da0', 1, NULL, 'book', '2026-12-01 18:32:43.466402+00', NULL, '{"id": 2, "model_name": "Book", "version": 1, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "choices": null}, "options_version": 1, "required": true, "unique": false, "index": true, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books"}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 11, "name": "gone", "type": "string", "column": "gone", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 12, "name": "rated", "type": "string", "column": "rated", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (2, 1, '0ec16ef724e85acfbaa3b1f1ee672da0', 2, 'author', 'author', '2026-12-01 18:32:43.466402+00', NULL, '{"id": 1, "model_name": "Author", "version": 2, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true}], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (3, 2, '1161c0d6c403db707aef832e5be5cf88', 2, 'book', 'book', '2026-12-01 18:32:45.590665+00', NULL, '{"id": 2, "model_name": "Book", "version": 2, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "choices": null}, "options_version": 1, "required": true, "unique": false, "index": true, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books"}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 11, "name": "gone", "type": "string", "column": "gone", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 12, "name": "rated", "type": "integer", "column": "rated", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (4, 2, '02319f5559a1f9d833b37b785eb530aa', 3, 'book', 'book', '2026-12-01 18:32:46.08959+00', NULL, '{"id": 2, "model_name": "Book", "version": 3, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "choices": null}, "options_version": 1, "required": true, "unique": false, "index": true, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books"}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 12, "name": "rated", "type": "integer", "column": "rated", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (5, 3, 'e9778b166d0bde9bdba17aa18565261a', 1, NULL, 'dropped', '2026-12-01 18:32:46.453006+00', NULL, '{"id": 3, "model_name": "Dropped", "version": 1, "physical_name": "Dropped", "fields": [{"id": 1, "name": "a", "type": "string", "column": "a", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 2, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "restrict", "reverse": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 3, "referrers": [], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (5, 1, 'e9778b166d0bde9bdba17aa18565261a', 3, 'author', 'author', '2026-12-01 18:32:46.453006+00', NULL, '{"id": 1, "model_name": "Author", "version": 3, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true}, {"table_id": 3, "field_id": 2, "model_name": "Dropped", "field": "author", "table": "Dropped", "column": "author", "on_delete": "restrict", "reverse": null, "many": false}], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (6, 3, '0827980f53a0b568c6effd25638965db', 2, 'dropped', NULL, '2026-12-01 18:32:46.870126+00', NULL, '{"id": 3, "model_name": "Dropped", "version": 2, "physical_name": "_trash_table_3", "fields": [{"id": 1, "name": "a", "type": "string", "column": "a", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 2, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "restrict", "reverse": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 3, "referrers": [], "pending": []}');
INSERT INTO earlier._dynmodel_change VALUES (6, 1, '0827980f53a0b568c6effd25638965db', 4, 'author', 'author', '2026-12-01 18:32:46.870126+00', NULL, '{"id": 1, "model_name": "Author", "version": 4, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true}], "pending": []}');
INSERT INTO earlier._dynmodel_counter VALUES (2, 13, 6);
INSERT INTO earlier._dynmodel_quarantine VALUES (1, 2, 12, 4, 2, 'string', 'four', 'want a whole number of at most 64 bits', '2026-12-01 18:32:45.188993+00');
INSERT INTO earlier._dynmodel_role VALUES ('clerk', '{"label": null, "description": null, "definitions": "none", "tables": {"2": {"read": [{"fields": {"every": true, "named": [], "without": [], "row_id": false}, "rows": null, "check": null, "preset": []}]}}}');
INSERT INTO earlier._dynmodel_state VALUES (1, 6, 1, '0827980f53a0b568c6effd25638965db', 'b5b30780eb07699de331b37cc9961545');
INSERT INTO earlier._dynmodel_table VALUES (1, 4, 'author', 'Author', '{"id": 1, "model_name": "Author", "version": 4, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true}], "pending": []}', NULL);
INSERT INTO earlier._dynmodel_table VALUES (2, 3, 'book', 'Book', '{"id": 2, "model_name": "Book", "version": 3, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "choices": null}, "options_version": 1, "required": true, "unique": false, "index": true, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books"}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 12, "name": "rated", "type": "integer", "column": "rated", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": []}', NULL);
INSERT INTO earlier._dynmodel_table VALUES (3, 2, NULL, '_trash_table_3', '{"id": 3, "model_name": "Dropped", "version": 2, "physical_name": "_trash_table_3", "fields": [{"id": 1, "name": "a", "type": "string", "column": "a", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}, {"id": 2, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "restrict", "reverse": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 3, "referrers": [], "pending": []}', '2026-12-01 18:32:46.832462+00');
INSERT INTO earlier._dynmodel_token VALUES (1, '08e62f58509056e92ea476ca18ebfa51b08b17b7033c1301c6428b172da9d7a6', 'program', NULL, '["clerk"]', '{"tables": null, "read_only": false}', '2026-12-01 18:32:49.361632+00', NULL, NULL, NULL);
INSERT INTO earlier._dynmodel_trash VALUES (1, 2, 12, '_trash_1', '{"id": 12, "name": "rated", "type": "string", "column": "rated", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}', '2026-12-01 18:32:45.450006+00', 2);
INSERT INTO earlier._dynmodel_trash VALUES (2, 2, 11, '_trash_2', '{"id": 11, "name": "gone", "type": "string", "column": "gone", "options": {"min_length": null, "max_length": 255, "pattern": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null}', '2026-12-01 18:32:45.972282+00', 3);
INSERT INTO earlier._dynmodel_user VALUES (1, 1, 'Ann', 'ann', NULL, '["clerk"]', '{}', '$argon2id$v=19$m=65536,t=3,p=4$8TQqCLxz3gFtqo6LkvC0Hw$MfCQfsz02iJ3Raj1Z2brlEnv6E91bypRxbimX/T6n+k', false, '2026-12-01 18:32:49.273235+00', '2026-12-01 18:32:49.273235+00');
INSERT INTO earlier._links_2_10 VALUES (1, 3, 0);
INSERT INTO earlier._links_2_10 VALUES (1, 1, 1);
INSERT INTO earlier._links_2_10 VALUES (3, 3, 0);
INSERT INTO earlier._links_2_10 VALUES (3, 1, 1);
INSERT INTO earlier._links_2_10 VALUES (5, 3, 0);
INSERT INTO earlier._links_2_10 VALUES (5, 1, 1);
INSERT INTO earlier._trash_table_3 VALUES (1, 1, '2026-12-01 18:32:46.63748+00', '2026-12-01 18:32:46.63748+00', 'kept', 2);
SELECT pg_catalog.setval('earlier._dynmodel_audit_id_seq', 3, true);
SELECT pg_catalog.setval('earlier._dynmodel_quarantine_id_seq', 1, true);
SELECT pg_catalog.setval('earlier._dynmodel_session_id_seq', 1, false);
SELECT pg_catalog.setval('earlier._dynmodel_table_id_seq', 3, true);
SELECT pg_catalog.setval('earlier._dynmodel_token_id_seq', 1, true);
SELECT pg_catalog.setval('earlier._dynmodel_trash_id_seq', 2, true);
SELECT pg_catalog.setval('earlier._dynmodel_user_id_seq', 1, true);
SELECT pg_catalog.setval('earlier._seq_1', 3, true);
SELECT pg_catalog.setval('earlier._seq_2', 6, true);
SELECT pg_catalog.setval('earlier._seq_3', 1, true);
ALTER TABLE ONLY earlier._dynmodel_access_change
    ADD CONSTRAINT _dynmodel_access_change_pkey PRIMARY KEY (revision);
ALTER TABLE ONLY earlier._dynmodel_alembic
    ADD CONSTRAINT _dynmodel_alembic_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY earlier._dynmodel_audit
    ADD CONSTRAINT _dynmodel_audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_change
    ADD CONSTRAINT _dynmodel_change_pkey PRIMARY KEY (revision, table_id);
ALTER TABLE ONLY earlier._dynmodel_counter
    ADD CONSTRAINT _dynmodel_counter_pkey PRIMARY KEY (table_id, field_id);
ALTER TABLE ONLY earlier._dynmodel_failure
    ADD CONSTRAINT _dynmodel_failure_pkey PRIMARY KEY (key);
ALTER TABLE ONLY earlier._dynmodel_login
    ADD CONSTRAINT _dynmodel_login_pkey PRIMARY KEY (issuer, subject);
ALTER TABLE ONLY earlier._dynmodel_quarantine
    ADD CONSTRAINT _dynmodel_quarantine_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_role
    ADD CONSTRAINT _dynmodel_role_pkey PRIMARY KEY (name);
ALTER TABLE ONLY earlier._dynmodel_session
    ADD CONSTRAINT _dynmodel_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_state
    ADD CONSTRAINT _dynmodel_state_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_table
    ADD CONSTRAINT _dynmodel_table_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_token
    ADD CONSTRAINT _dynmodel_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_trash
    ADD CONSTRAINT _dynmodel_trash_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_user
    ADD CONSTRAINT _dynmodel_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._links_2_10
    ADD CONSTRAINT _links_2_10_pkey PRIMARY KEY (row_id, value);
ALTER TABLE ONLY earlier."Author"
    ADD CONSTRAINT _pk_1 PRIMARY KEY (id);
ALTER TABLE ONLY earlier."Book"
    ADD CONSTRAINT _pk_2 PRIMARY KEY (id);
ALTER TABLE ONLY earlier._trash_table_3
    ADD CONSTRAINT _pk_3 PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_session
    ADD CONSTRAINT _uq__dynmodel_session_digest UNIQUE (digest);
ALTER TABLE ONLY earlier._dynmodel_table
    ADD CONSTRAINT _uq__dynmodel_table_name_key UNIQUE (name_key);
ALTER TABLE ONLY earlier._dynmodel_token
    ADD CONSTRAINT _uq__dynmodel_token_digest UNIQUE (digest);
ALTER TABLE ONLY earlier._dynmodel_user
    ADD CONSTRAINT _uq__dynmodel_user_name_key UNIQUE (name_key);
CREATE INDEX _ix_2_1 ON earlier."Book" USING btree (title);
CREATE INDEX _ix_2_10 ON earlier._links_2_10 USING btree (value, row_id);
CREATE INDEX _ix_2_9 ON earlier."Book" USING btree (author);
CREATE INDEX _ix_3_2 ON earlier._trash_table_3 USING btree (author);
CREATE INDEX _ix__dynmodel_audit_at ON earlier._dynmodel_audit USING btree (at);
CREATE INDEX _ix__dynmodel_change_table_id ON earlier._dynmodel_change USING btree (table_id, version);
CREATE INDEX _ix__dynmodel_failure_last_at ON earlier._dynmodel_failure USING btree (last_at);
CREATE INDEX _ix__dynmodel_login_user_id ON earlier._dynmodel_login USING btree (user_id);
CREATE INDEX _ix__dynmodel_quarantine_table_id ON earlier._dynmodel_quarantine USING btree (table_id, field_id, row_id);
CREATE INDEX _ix__dynmodel_session_expires_at ON earlier._dynmodel_session USING btree (expires_at);
CREATE INDEX _ix__dynmodel_session_user_id ON earlier._dynmodel_session USING btree (user_id);
CREATE INDEX _ix__dynmodel_token_user_id ON earlier._dynmodel_token USING btree (user_id);
CREATE INDEX _ix__dynmodel_trash_table_id ON earlier._dynmodel_trash USING btree (table_id);
CREATE UNIQUE INDEX _ux_2_17 ON earlier."Book" USING btree (lower(code));
CREATE UNIQUE INDEX _ux_2_2 ON earlier."Book" USING btree (isbn);
ALTER TABLE ONLY earlier."Book"
    ADD CONSTRAINT _fk_2_9 FOREIGN KEY (author) REFERENCES earlier."Author"(id) ON DELETE SET NULL DEFERRABLE;
ALTER TABLE ONLY earlier._links_2_10
    ADD CONSTRAINT _links_2_10_row_id_fkey FOREIGN KEY (row_id) REFERENCES earlier."Book"(id) ON DELETE CASCADE DEFERRABLE;
ALTER TABLE ONLY earlier._links_2_10
    ADD CONSTRAINT _links_2_10_value_fkey FOREIGN KEY (value) REFERENCES earlier."Author"(id) ON DELETE CASCADE DEFERRABLE;
