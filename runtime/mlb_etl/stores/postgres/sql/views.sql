-- The views that read tables of some schemas, directly or through other views, each with the views among them that it reads,
-- and with the columns of a unique index by which the server can refresh it while it is read.
WITH RECURSIVE reads AS (
    SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation
    FROM pg_catalog.pg_rewrite AS r
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
),
found AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'p')
    UNION
    SELECT e.view FROM found AS f JOIN reads AS e ON e.relation = f.oid
)
SELECT
    n.nspname,
    c.relname,
    c.relkind = 'm',
    ARRAY(
        SELECT o.relnamespace::regnamespace || '.' || o.relname
        FROM reads AS e JOIN pg_catalog.pg_class AS o ON o.oid = e.relation
        WHERE e.view = c.oid AND o.relkind IN ('v', 'm')
    ),
    (
        SELECT ARRAY(
            SELECT a.attname::text FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
            JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
            WHERE k.place <= i.indnkeyatts ORDER BY k.place
        )
        FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
            AND i.indpred IS NULL AND i.indexprs IS NULL
        ORDER BY i.indexrelid LIMIT 1
    ),
    CASE WHEN c.relkind = 'm' THEN c.relispopulated END,
    CASE WHEN c.relkind = 'm' AND c.relispopulated AND c.reltuples >= 0 THEN c.reltuples::bigint END,
    CASE WHEN c.relkind = 'm' THEN pg_catalog.pg_total_relation_size(c.oid) END
FROM found
JOIN pg_catalog.pg_class AS c ON c.oid = found.oid AND c.relkind IN ('v', 'm')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY n.nspname, c.relname
