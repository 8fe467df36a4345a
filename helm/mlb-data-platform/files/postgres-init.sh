#!/bin/sh
# Creates the roles and the database, once, when the server's folder is empty. PostgreSQL's image runs it as the superuser.
# Names are in OWNER, WRITER, READER and DATABASE, passwords in OWNER_PASSWORD, WRITER_PASSWORD and READER_PASSWORD.
# The image may source this file, so it sets no options of the shell; its outcome is that of psql.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
  --set=owner="${OWNER:-mlb_owner}" --set=writer="${WRITER:-mlb_writer}" --set=reader="${READER:-mlb_reader}" \
  --set=database="${DATABASE:-mlb}" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv writer_password WRITER_PASSWORD
\getenv reader_password READER_PASSWORD
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"writer" LOGIN PASSWORD :'writer_password';
CREATE ROLE :"reader" LOGIN PASSWORD :'reader_password';
CREATE DATABASE :"database" ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE :"database" TO :"owner";
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO :"writer";
GRANT CONNECT ON DATABASE :"database" TO :"reader";
SQL
