-- What a role that only loads may do beyond writing rows: make partitions, and refresh materialized views.
-- The functions run as their owner, so they take nothing but names and a value, look these up in the catalog, and derive
-- the name and the bounds of a partition themselves.

CREATE FUNCTION etl.create_partition(of_schema text, of_table text, of_value text) RETURNS text
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    caller CONSTANT name := coalesce(nullif(current_setting('role'), 'none'), session_user);
    parent record;
    suffix text := of_value;
    after text;
    midnight text;
    bounds text;
    part text;
    reader name;
BEGIN
    SELECT c.oid, p.partstrat, format_type(a.atttypid, NULL) AS type,
        pg_get_userbyid(c.relowner) = current_user AND has_table_privilege(caller, c.oid, 'INSERT') AS allowed
    INTO parent
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table AS p ON p.partrelid = c.oid AND p.partnatts = 1
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    WHERE n.nspname = of_schema AND c.relname = of_table;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no table %.% is partitioned by one column', of_schema, of_table USING ERRCODE = 'undefined_table';
    END IF;
    IF NOT parent.allowed THEN
        RAISE EXCEPTION 'role % may not create partitions of %.%', caller, of_schema, of_table
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF parent.partstrat = 'r' AND of_value ~ '^(1[89]|2[01])[0-9]{2}-(0[1-9]|1[0-2])$' THEN
        suffix := replace(of_value, '-', '_');
        after := to_char(to_date(of_value, 'YYYY-MM') + interval '1 month', 'YYYY-MM-DD');
        midnight := CASE parent.type WHEN 'date' THEN '' ELSE ' 00:00:00+00' END;
        bounds := format('FROM (%L) TO (%L)', of_value || '-01' || midnight, after || midnight);
    ELSIF parent.partstrat = 'l' AND octet_length(of_value) <= 500
        AND (parent.type = 'text' OR of_value ~ '^(0|-?[1-9][0-9]{0,18})$') THEN
        suffix := CASE parent.type WHEN 'text' THEN of_value ELSE replace(of_value, '-', '_') END;
        IF length(suffix) > 9 OR (parent.type = 'text' AND suffix !~ '^[a-z0-9][a-z0-9_]*$') THEN
            suffix := '_' || left(encode(sha256(convert_to(suffix, 'UTF8')), 'hex'), 8);
        END IF;
        bounds := format('IN (%L)', of_value);
    ELSE
        RAISE EXCEPTION 'no partition of %.% is created for the value %', of_schema, of_table, left(of_value, 100)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF (SELECT count(*) FROM pg_inherits WHERE inhparent = parent.oid) >= 5000 THEN
        RAISE EXCEPTION '%.% has 5000 partitions, and gets no more', of_schema, of_table
            USING ERRCODE = 'configuration_limit_exceeded';
    END IF;
    part := of_table || '_' || suffix;
    EXECUTE format('CREATE TABLE %I.%I (LIKE %1$I.%3$I INCLUDING ALL)', of_schema, part, of_table);
    EXECUTE format('ALTER TABLE %I.%I ATTACH PARTITION %1$I.%3$I FOR VALUES %4$s', of_schema, of_table, part, bounds);
    FOR reader IN
        SELECT r.rolname FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE c.oid = parent.oid AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT SELECT ON %I.%I TO %I', of_schema, part, reader);
    END LOOP;
    RETURN part;
END
$function$;

COMMENT ON FUNCTION etl.create_partition(text, text, text) IS 'Creates a partition of a table into which the caller may insert: of_value is a month such as 2024-07, or a value of a list. Returns the name of the partition.';

CREATE FUNCTION etl.refresh_view(of_schema text, of_view text, is_concurrent boolean) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    caller CONSTANT name := coalesce(nullif(current_setting('role'), 'none'), session_user);
    how CONSTANT text := CASE WHEN is_concurrent THEN 'CONCURRENTLY ' ELSE '' END;
BEGIN
    PERFORM FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = of_schema AND c.relname = of_view AND c.relkind = 'm'
        AND pg_get_userbyid(c.relowner) = current_user AND has_table_privilege(caller, c.oid, 'SELECT');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'role % may not refresh %.%', caller, of_schema, of_view
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('REFRESH MATERIALIZED VIEW %s%I.%I', how, of_schema, of_view);
END
$function$;

COMMENT ON FUNCTION etl.refresh_view(text, text, boolean) IS 'Refreshes a materialized view that the caller may read.';

REVOKE ALL ON FUNCTION etl.create_partition(text, text, text), etl.refresh_view(text, text, boolean) FROM PUBLIC;

-- They belong to the owner of the tables, whoever runs this.
DO $block$
DECLARE
    owner CONSTANT name := (SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = 'etl.watermark'::regclass);
BEGIN
    EXECUTE format('ALTER FUNCTION etl.create_partition(text, text, text) OWNER TO %I', owner);
    EXECUTE format('ALTER FUNCTION etl.refresh_view(text, text, boolean) OWNER TO %I', owner);
END
$block$;
