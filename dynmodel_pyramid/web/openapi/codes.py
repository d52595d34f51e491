"""The codes of errors, for the documents: docs/errors.md tells their meaning in full, and the mend of each."""

#: (code, status, meaning)
CODES: tuple[tuple[str, int, str], ...] = (
    ("malformed", 400, "A header or the address is out of its grammar: an entity tag, bytes that are not UTF-8."),
    (
        "malformed_json",
        400,
        "The body is not JSON (RFC 8259) in UTF-8, holds NaN or Infinity, or is nested in more than 200 "
        "levels, or has a number that is too long.",
    ),
    (
        "malformed_encoding",
        400,
        "Content-Encoding: zstd or br, and the body is not that, is cut off, or needs a window of more than 8 MiB.",
    ),
    ("malformed_gzip", 400, "Content-Encoding: gzip, and the body is not gzip (RFC 1952) or is cut off."),
    ("malformed_file", 400, "A file of another format can't be read, or doesn't name its columns, each once."),
    (
        "malformed_csv",
        400,
        "The body is not CSV (RFC 4180) in UTF-8, or its first line doesn't name the fields, each once.",
    ),
    ("duplicate_key", 400, "A key stands twice in one object of the body."),
    ("unknown_parameter", 400, "The query string has a parameter that is not known here."),
    ("invalid_parameter", 400, "A known parameter has a value out of its grammar, or stands twice."),
    (
        "invalid_query",
        400,
        "A query is out of the grammar (queries.md). parameter names the parameter (or is a JSON pointer into"
        " the document), part tells whether its name or its value is meant, position is the character in it, "
        "counted from 1, expected is what the grammar allows there.",
    ),
    (
        "query_too_complex",
        400,
        "A query has more expressions, or is nested more deeply, than the server allows or the database takes.",
    ),
    ("unknown_operator", 400, "A condition has an operator that the field's type does not have."),
    (
        "invalid_operand",
        400,
        "A condition compares with a text that is not a value of the field, or its operator has no such modifier.",
    ),
    ("unknown_cast", 400, "There is no cast of that name, or none of the field's type."),
    (
        "unknown_field",
        400,
        "A query names a field that the table doesn't have, or one that is write_only; or on_error names one "
        "that the change doesn't keep. parameter names the place.",
    ),
    (
        "unknown_relation",
        400,
        "A query embeds, or tests, a relation that the table doesn't have, or that select doesn't embed.",
    ),
    (
        "ambiguous_relation",
        400,
        "The name of a relation fits several links; detail lists them, and details describes each as PostgREST does.",
    ),
    (
        "not_sortable",
        400,
        "order names something without an order: a field of such a type, a write_only field, a relation to "
        "several rows; of groups, a value that they do not have; an aggregate, of rows.",
    ),
    ("invalid_cursor", 400, "_after or _before is not a cursor of this table and order, or the order allows none."),
    ("invalid_preference", 400, "Prefer has handling=strict and something that is not honoured here."),
    ("invalid_idempotency_key", 400, "Idempotency-Key is not a string of 1 to 255 visible ASCII characters."),
    (
        "idempotency_key_refused",
        400,
        "Idempotency-Key at an address of passwords, sessions or tokens: nothing is kept of such requests.",
    ),
    (
        "answer_too_long",
        400,
        "The answer is longer than what may be kept for an Idempotency-Key (dynmodel.max_kept_answer).",
    ),
    ("missing_filter", 400, "A PATCH or DELETE of rows/ has no filter that says which rows are meant."),
    ("too_many_affected", 400, "More rows are found than Prefer: max-affected=N allows; count tells how many."),
    ("too_many_rows", 400, "The answer would have more rows than dynmodel.max_rows."),
    ("request_timeout", 408, "The headers or the body of the request came too slowly (serving.md)."),
    ("unauthenticated", 401, "The request has no credential, and this needs one."),
    (
        "invalid_credential",
        401,
        "The credential is wrong, has expired or was revoked, or its user is disabled; or a JWT is not "
        "accepted; or, at /session/, the name or the password is wrong.",
    ),
    ("expired_credential", 401, "A JWT after its exp, or from before dynmodel.jwt_not_before."),
    (
        "open_mode",
        403,
        "dynmodel.access = open serves programs on the server's own machine only, and the request comes from "
        "elsewhere, through a proxy, or from another site's page. detail tells which.",
    ),
    (
        "foreign_origin",
        403,
        "A sign-in, or a request that changes something by a cookie or Basic, did not come from a page of the service.",
    ),
    (
        "sign_in_failed",
        403,
        "The sign-in with the OpenID provider did not succeed: the provider refused, the answer is not one to"
        " this browser's request, or nobody is known by this account. detail tells which.",
    ),
    ("wrong_password", 403, "The old password, which a change of one's own needs, is wrong."),
    ("forbidden", 403, "The caller is known, and may not do that."),
    ("not_found", 404, "There is no such table, row or other resource."),
    ("method_not_allowed", 405, "The resource is there, but not with this method."),
    (
        "not_acceptable",
        406,
        "Accept admits no media type that can be answered, or the rows do not fit in it (a workbook has "
        "1,048,576 rows at most).",
    ),
    ("conflict", 409, "The request contradicts stored data."),
    ("request_in_progress", 409, "A request with this Idempotency-Key is still running."),
    (
        "answer_withheld",
        409,
        "A request with this Idempotency-Key was carried out; what the identity may see has changed since, so"
        " the answer is not repeated.",
    ),
    ("too_many_tokens", 409, "The user has dynmodel.max_tokens tokens."),
    (
        "name_taken",
        409,
        "Another user has the name; or another table has the model name (upper and lower case count the "
        "same), or the database has such a table that isn't managed here; or the name of a field to restore "
        "from the trash is taken in its table; or another saved view has the name.",
    ),
    ("too_many_views", 409, "There are as many shared views of the table as it may have, or as many of one identity."),
    ("too_many_tables", 409, "There are as many tables as dynmodel.max_tables allows."),
    ("linked_from", 409, "Rows of other tables link to the table, so it can't be dropped; detail names the fields."),
    (
        "in_use_by_access",
        409,
        "Grants name what the change of a definition takes away: a field of a condition, preset or list of "
        "fields is dropped, or a field of a condition or preset gets another type. grants names them: clerk: "
        "Order.read.",
    ),
    (
        "condition_broken",
        409,
        "The condition of a grant names something that is gone, such as a table that was dropped while the "
        "grant's own table was in the trash.",
    ),
    (
        "linked_table_gone",
        409,
        "A table to restore from the trash has links to tables that do not exist; fields names them.",
    ),
    (
        "on_error_by_field",
        409,
        "One word of on_error for the whole change would lose values of more than one field (or fill in "
        "another one besides). fields names them, on_error is the form to send, count and samples show the "
        "rows.",
    ),
    (
        "lossy_change",
        409,
        "Rows don't allow the change of the definition: values can't be converted, nulls in a field that "
        "becomes required, equal values in one that becomes unique. count and samples show them.",
    ),
    (
        "too_many_fields",
        409,
        "The table would have more columns, those in the trash included, than the database allows, which on "
        "PostgreSQL counts purged ones as well (GET /table/{id}/health/); or its rows more values, aliases "
        "included.",
    ),
    (
        "cannot_compact",
        409,
        "Views, policies or other things of the database depend on a table that is to be compacted, and a copy can't "
        "take them over; detail names them.",
    ),
    (
        "ids_exhausted",
        409,
        "The table has a row with an id near 9007199254740991, the largest one, so no more ids are drawn; or "
        "so has an autonumber field a number.",
    ),
    ("unsupported_by_database", 409, "This database can't do what the definition or the query asks for."),
    ("field_type_missing", 409, "A field's type is not installed, or its plugin failed at the start."),
    ("extra_missing", 409, "A field's type, or an operator, works with a library that is not installed."),
    (
        "pattern_unsupported",
        409,
        "An earlier release accepted the field's pattern; this one can't run it in linear time (detail names "
        "the part).",
    ),
    (
        "schema_unsupported",
        409,
        "The same for the JSON Schema of a json field: it costs too much, or refers to itself in a circle.",
    ),
    ("foreign_key", 409, "After the change of a definition rows would refer to missing rows."),
    (
        "unique_violation",
        409,
        "Another row has the same values in the fields that fields names. errors has every row that is "
        "refused so, as of validation: a stored row has the values, or an earlier row of the request.",
    ),
    ("foreign_key_violation", 409, "The row refers to a missing row, or other rows refer to it."),
    ("required_violation", 409, "A rule of the database forbids null there; errors as of unique_violation."),
    (
        "check_violation",
        409,
        "A rule of the database forbids the value; errors as of unique_violation, but of more than 1,000 rows"
        " only the first one is told.",
    ),
    ("precondition_failed", 412, "If-Match, or the version in a definition, names a state that is no longer current."),
    (
        "payload_too_large",
        413,
        "The body has more bytes than dynmodel.max_body_size; or one document in it, such as a row, has more "
        "than dynmodel.max_document_size, or more than a million values; or a batch has more operations or "
        "rows than dynmodel.max_batch_operations and dynmodel.max_batch_rows; or a write by filter would give"
        " a long value to so many rows that a body with all of it had more bytes than dynmodel.max_body_size.",
    ),
    (
        "range_not_satisfiable",
        416,
        "Range ends before it begins, or the part begins after the end of a counted list; Content-Range has the total.",
    ),
    (
        "unsupported_media_type",
        415,
        "The body's media type, a parameter of it such as charset, or its encoding is not understood here.",
    ),
    (
        "validation",
        422,
        "The document is JSON, but breaks rules. errors has at most 100 faults, each with a JSON pointer (RFC"
        " 6901) and a code of the table below; error_count counts all.",
    ),
    (
        "idempotency_key_reused",
        422,
        "This Idempotency-Key belongs to another request: its method, address, headers or body were different.",
    ),
    (
        "too_many_keys",
        429,
        "As many answers are kept for the keys of this identity as dynmodel.max_kept_answers or "
        "dynmodel.max_kept_answers_size allows.",
    ),
    ("too_many_requests", 429, "Too many sign-ins failed, or too many passwords are being checked."),
    ("internal_error", 500, "A fault of the server."),
    ("answer_lost", 500, "The rows of an upload were written, but the answer that shows them could not be made."),
    ("busy", 503, "A lock was not free in time, or the definition changed faster than the request could run."),
    ("database_unavailable", 503, "The database can't be reached, or has no room left."),
    (
        "database_read_only",
        503,
        "The database takes no writes: its server is, or has become, a replica, or its file may not be written.",
    ),
    (
        "statement_timeout",
        504,
        "The database took longer for a query than dynmodel.statement_timeout, or for the change of a "
        "definition than dynmodel.change_timeout.",
    ),
    (
        "outcome_unknown",
        503,
        "The connection to the database broke during the commit: the change was made, or it was not.",
    ),
    ("too_many_connections", 503, "The client's address has its share of connections."),
    (
        "not_ready",
        503,
        "/ready: the database can't be reached or does not answer, or its system tables are of another release.",
    ),
)
#: Codes of single faults, in ``errors``.
FAULT_CODES: tuple[tuple[str, str], ...] = (
    ("conflicting_key", "An operation of a batch has keys that exclude one another: row and rows, id and where."),
    (
        "conflicting_name",
        "Names contradict each other: name and its key, renamed_from and id, or a field is renamed while its "
        "old name is still used.",
    ),
    ("duplicate_id", "Two fields claim the same earlier field."),
    (
        "duplicate_item",
        "An item occurs twice in an array of distinct items; of an upsert, two documents are the same row.",
    ),
    (
        "duplicate_name",
        "Two tables, fields or indexes have the same name (of tables and fields, upper and lower case count "
        "the same), or an index names a field twice.",
    ),
    ("invalid", "A field type of a plugin refuses the value."),
    ("invalid_format", "The text is not a date or datetime, or does not have the type's format."),
    ("invalid_name", "The name breaks the rules of names."),
    ("invalid_option", "An option of a definition has a value that makes no sense."),
    ("malformed_line", "A line of NDJSON is not JSON, or a line of CSV has more or fewer values than there are names."),
    ("not_a_choice", "The value is not one of the field's choices."),
    (
        "not_a_key",
        "An object that names a linked row has other members than id, or the fields of one unique rule of its table.",
    ),
    ("out_of_range", "The number, duration or bound is beyond what the type stores exactly."),
    ("pattern_mismatch", "The text doesn't match the field's pattern."),
    ("read_only", "The id of a table or row, and the key's type, never change; the version is counted by the system."),
    ("required", "The value is missing, or null."),
    ("role_not_held", "A user's own token may have only roles that he has."),
    ("schema_mismatch", "The value breaks the field's JSON Schema."),
    (
        "too_complex",
        "The value is too large for the field's JSON Schema: its parts would be compared with the schema's too often.",
    ),
    ("too_deep", "JSON nested deeper than 100 levels; or rows nested deeper than dynmodel.max_nested_depth."),
    ("too_few_items", "Fewer items in an array than the field requires."),
    ("too_large", "More than the field's max."),
    (
        "too_long",
        "More characters than max_length, than the type ever accepts, or than the field's pattern is applied to.",
    ),
    ("too_many", "More roles, tables in a role, grants of an action, or conditions than a document of roles may have."),
    ("too_many_items", "More items in an array than the field allows."),
    ("too_short", "Fewer characters than min_length."),
    ("too_small", "Less than the field's min."),
    ("unknown_id", "No field of this table has the id."),
    ("unknown_key", "A definition has an unknown key."),
    ("unknown_operation", "An operation of a batch is none of the known ones."),
    ("unknown_option", "The field's type has no such option."),
    ("unknown_reference", "A $ref of a batch points to no earlier result, or to nothing in it."),
    ("unknown_role", "There is no role of that name."),
    ("unknown_row", "There is no row with this id, or with this key, in the linked table."),
    ("unknown_table", "An option of a field, or renamed_from, names a table that doesn't exist."),
    ("unknown_type", "No field type of that name is installed."),
    ("unknown_user", "There is no user of that number."),
    ("unknown_value", "The value names a user who does not exist, or something else that a plugin's type looks up."),
    ("unstorable_text", "NUL or a lone surrogate, which databases can't store."),
    ("wrong_type", 'The value has the wrong JSON type: "1" is not a number, and 1 is not a boolean.'),
)
