-- The views that read tables and views named in a script, as "schema"."name", or partitions of these; directly or through
-- other views. Named views themselves are among them. Each comes with the views among them that it reads.
WITH RECURSIVE named AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm')
        AND pg_catalog.strpos(%(script)s, '"' || n.nspname || '"."' || c.relname || '"') > 0
    UNION
    SELECT i.inhrelid FROM named AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid
),
reads AS (
    SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation
    FROM pg_catalog.pg_rewrite AS r
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
),
affected AS (
    SELECT oid FROM named
    UNION
    SELECT e.view FROM affected AS a JOIN reads AS e ON e.relation = a.oid
)
SELECT
    c.oid,
    n.nspname,
    c.relname,
    c.relkind = 'm',
    ARRAY(SELECT e.relation FROM reads AS e JOIN affected AS o ON o.oid = e.relation WHERE e.view = c.oid),
    pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';'),
    coalesce(pg_catalog.array_to_string(c.reloptions, ', '), ''),
    s.spcname,
    c.relispopulated,
    pg_catalog.pg_get_userbyid(c.relowner),
    ARRAY(
        SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = c.oid ORDER BY i.indexrelid
    ) || ARRAY(
        SELECT pg_catalog.pg_get_ruledef(r.oid) FROM pg_catalog.pg_rewrite AS r
        WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN' ORDER BY r.oid
    ) || ARRAY(
        SELECT pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger AS t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY t.oid
    ) || ARRAY(
        SELECT pg_catalog.format('ALTER VIEW %%s ALTER COLUMN %%I SET DEFAULT %%s', c.oid::regclass, a.attname,
            pg_catalog.pg_get_expr(f.adbin, f.adrelid))
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
        WHERE a.attrelid = c.oid AND c.relkind = 'v' ORDER BY a.attnum
    ),
    ARRAY(
        SELECT pg_catalog.format('COMMENT ON %%s %%s IS %%L', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
            c.oid::regclass, d.description)
        FROM pg_catalog.pg_description AS d
        WHERE d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
    ) || ARRAY(
        SELECT pg_catalog.format('COMMENT ON COLUMN %%s.%%I IS %%L', c.oid::regclass, a.attname, d.description)
        FROM pg_catalog.pg_description AS d
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
        WHERE d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid > 0 ORDER BY a.attnum
    )
FROM affected
JOIN pg_catalog.pg_class AS c ON c.oid = affected.oid AND c.relkind IN ('v', 'm')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
ORDER BY n.nspname, c.relname
