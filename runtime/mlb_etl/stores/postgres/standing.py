"""The standing of captures, defined once in SQL as `laws.standing` defines it in Python.

A raw table has the captures, by request; its documents table says which documents each of them holds; the watermark
says which capture the tables show of a document; the quarantine has the captures that were put aside.
"""

from psycopg import sql

from mlb_contracts import Method, requests, times

# One row for each document of each capture and each time that counts: the last time at which the content was seen and,
# if the tables have not reached it, the first as well, because another content may lie between. `shown`: the tables
# show the content; `unapplied`: they show neither the content at its last time nor anything later.
# OFFSET 0 forces look-ups of watermark and quarantine for each document: without statistics, as in a new database, the
# planner would otherwise compare each document with all of them.
_CAPTURES = """
SELECT
    {keys}, key.document, d.captured_at, state.as_of, d.content_hash,
    r.query_params || r.path_params AS parameters,
    greatest(r.captured_at, state.as_of) > clock_timestamp() + {tolerance} AS ahead,
    q.id AS note, q.state AS quarantine, d.request, d.answer_hash, d.places,
    w.as_of AS shown_as_of, w.content_hash AS shown_hash, w.fingerprint,
    CASE
        WHEN q.state IS NOT NULL THEN q.state
        WHEN w.as_of IS NULL THEN 'pending'
        WHEN state.as_of < w.as_of THEN 'stale'
        WHEN d.content_hash <> w.content_hash OR w.fingerprint <> {fingerprint} THEN 'pending'
        WHEN state.as_of > w.as_of THEN 'later'
        ELSE 'same'
    END AS standing,
    coalesce(w.content_hash = d.content_hash AND w.as_of BETWEEN r.as_of AND r.last_seen_at, false) AS shown,
    state.as_of = r.last_seen_at
        AND ((w.as_of, w.content_hash = d.content_hash) >= (state.as_of, true)) IS NOT TRUE AS unapplied
FROM {documents} AS d
JOIN {raw} AS r ON {in_capture} AND {hydrated}
CROSS JOIN LATERAL (SELECT jsonb_build_object({document}) OFFSET 0) AS key (document)
LEFT JOIN LATERAL (
    SELECT as_of, content_hash, fingerprint FROM etl.watermark WHERE method = {method} AND document = key.document
    OFFSET 0
) AS w ON true
LEFT JOIN LATERAL (
    SELECT id, state FROM etl.quarantine AS aside
    WHERE aside.method = {method} AND aside.document = key.document
        AND aside.captured_at = d.captured_at AND aside.content_hash = d.content_hash
    OFFSET 0
) AS q ON true
CROSS JOIN LATERAL (
    SELECT r.last_seen_at
    UNION ALL
    SELECT r.as_of WHERE r.as_of < r.last_seen_at AND r.as_of > coalesce(w.as_of, '-infinity') AND q.state IS NULL
) AS state (as_of)
"""


def raw_table(method: Method) -> sql.Identifier:
    """The raw table of the method."""
    return sql.Identifier(method.raw_schema, method.raw_table)


def documents_table(method: Method) -> sql.Identifier:
    """The documents table of the method."""
    return sql.Identifier(method.raw_schema, method.documents_table)


def key_columns(method: Method, of: str) -> sql.Composed:
    """The key columns of the document, qualified by the alias `of`."""
    return sql.SQL(", ").join(sql.Identifier(of, key.name) for key in method.document)


def document_json(method: Method, of: str) -> sql.Composed:
    """The document as in control tables, built from the key columns of the alias `of`."""
    pairs = (sql.SQL("{}, {}").format(key.name, sql.Identifier(of, key.name)) for key in method.document)
    return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))


def keys_from_json(method: Method, of: str) -> list[sql.Composed]:
    """The keys of the document in a control table with the alias `of`, in the method's order."""
    return [
        sql.SQL("({}.document ->> {})::{}").format(sql.Identifier(of), key.name, sql.SQL(key.type))
        for key in method.document
    ]


def in_capture(documents: str, raw: str) -> sql.Composed:
    """The condition under which a row of the documents table belongs to a row of the raw table; both are aliases."""
    return sql.SQL(
        "{d}.request = {r}.request AND {d}.captured_at = {r}.captured_at AND {d}.answer_hash = {r}.content_hash"
    ).format(d=sql.Identifier(documents), r=sql.Identifier(raw))


def hydrated(method: Method, raw: str) -> sql.Composable:
    """The condition under which a row of the raw table fills the method's tables."""
    if method.hydration is None:
        return sql.SQL("true")
    needed = requests.required_hydrations(method.hydration)
    return sql.SQL("{}.hydrations @> {}").format(sql.Identifier(raw), needed)


def captures(method: Method, raw: sql.Identifier | None = None) -> sql.Composed:
    """A query for the standing of each capture of each document; `raw` may be a partition of the raw table."""
    document = (sql.SQL("{}, {}").format(key.name, sql.Identifier("d", key.name)) for key in method.document)
    return sql.SQL(_CAPTURES).format(
        keys=key_columns(method, "d"),
        document=sql.SQL(", ").join(document),
        documents=documents_table(method),
        raw=raw or raw_table(method),
        in_capture=in_capture("d", "r"),
        hydrated=hydrated(method, "r"),
        method=method.name,
        fingerprint=method.fingerprint,
        tolerance=times.TOLERANCE,
    )
