-- A history table of migrations in the format of Flyway.

CREATE SCHEMA IF NOT EXISTS etl;

CREATE TABLE IF NOT EXISTS {table} (
    installed_rank integer NOT NULL,
    version varchar(50),
    description varchar(200) NOT NULL,
    type varchar(20) NOT NULL,
    script varchar(1000) NOT NULL,
    checksum integer,
    installed_by varchar(100) NOT NULL,
    installed_on timestamp NOT NULL DEFAULT now(),
    execution_time integer NOT NULL,
    success boolean NOT NULL,
    CONSTRAINT {key} PRIMARY KEY (installed_rank)
);

CREATE INDEX IF NOT EXISTS {index} ON {table} (success);
