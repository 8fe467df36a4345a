-- What readers need to know of tables and views: kind, comment, columns in order, primary key, foreign keys.
-- A foreign key to a partitioned table has entries for each partition too, which have a parent.
SELECT
    n.nspname,
    c.relname,
    CASE WHEN c.relkind IN ('r', 'p') THEN 'table' ELSE 'view' END,
    c.relispopulated,
    pg_catalog.obj_description(c.oid, 'pg_class'),
    (
        SELECT pg_catalog.json_agg(
            pg_catalog.json_build_array(
                a.attname,
                pg_catalog.format_type(a.atttypid, a.atttypmod),
                NOT a.attnotnull,
                pg_catalog.col_description(c.oid, a.attnum)
            ) ORDER BY a.attnum
        )
        FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ),
    (
        SELECT pg_catalog.json_agg(a.attname ORDER BY k.place)
        FROM pg_catalog.pg_constraint AS p
        CROSS JOIN LATERAL pg_catalog.unnest(p.conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
        WHERE p.conrelid = c.oid AND p.contype = 'p'
    ),
    (
        SELECT pg_catalog.json_agg(
            pg_catalog.json_build_array(
                (
                    SELECT pg_catalog.json_agg(a.attname ORDER BY k.place)
                    FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY AS k (number, place)
                    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.number
                ),
                f.confrelid::pg_catalog.regclass::text,
                (
                    SELECT pg_catalog.json_agg(a.attname ORDER BY k.place)
                    FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY AS k (number, place)
                    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.number
                )
            ) ORDER BY f.conname
        )
        FROM pg_catalog.pg_constraint AS f
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.conparentid = 0
    )
FROM unnest(%(schemas)s::text[], %(names)s::text[]) WITH ORDINALITY AS wanted (schema, name, place)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted.schema
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind IN ('r', 'p', 'v', 'm')
ORDER BY wanted.place
