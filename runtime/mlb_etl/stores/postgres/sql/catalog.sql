-- The definitions of the tables in some schemas: kind, columns, constraints and indexes, without partitions.
WITH tables AS (
    SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind, c.relpersistence
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
)
SELECT
    t.name,
    'table',
    CASE t.relkind
        WHEN 'p' THEN 'partitioned by ' || pg_catalog.pg_get_partkeydef(t.oid)
        WHEN 'r' THEN 'unpartitioned'
        ELSE 'a view or a foreign table'
    END || CASE t.relpersistence WHEN 'u' THEN ', unlogged' ELSE '' END
FROM tables AS t
UNION ALL
SELECT
    t.name,
    'column ' || a.attname,
    pg_catalog.format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
    || CASE WHEN a.attgenerated <> '' THEN ', generated' ELSE '' END
    || CASE WHEN a.attidentity <> '' THEN ', identity' ELSE '' END
FROM tables AS t
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT
    t.name,
    CASE c.contype WHEN 'p' THEN 'primary key ' WHEN 'f' THEN 'foreign key ' WHEN 'c' THEN 'check ' ELSE 'constraint ' END
    || c.conname,
    pg_catalog.pg_get_constraintdef(c.oid)
    || CASE
        WHEN EXISTS (
            SELECT FROM pg_catalog.pg_trigger AS r
            JOIN pg_catalog.pg_constraint AS p ON p.oid = r.tgconstraint
            WHERE c.oid IN (p.oid, p.conparentid) AND r.tgenabled = 'D'
        ) THEN ', disabled'
        ELSE ''
    END
FROM tables AS t
JOIN pg_catalog.pg_constraint AS c ON c.conrelid = t.oid AND c.contype IN ('p', 'u', 'x', 'f', 'c') AND c.conparentid = 0
UNION ALL
SELECT
    t.name,
    'index ' || i.relname,
    pg_catalog.pg_get_indexdef(i.oid) || CASE WHEN x.indisvalid THEN '' ELSE ', invalid' END
FROM tables AS t
JOIN pg_catalog.pg_index AS x ON x.indrelid = t.oid
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conindid = i.oid AND contype IN ('p', 'u', 'x'))
