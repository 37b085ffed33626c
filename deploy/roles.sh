#!/bin/sh
# Runs once, when the database's volume is empty: a login role for each process, members of nothing.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner="$OWNER_PASSWORD" --set app="$APP_PASSWORD" --set sealer="$SEALER_PASSWORD" <<'SQL'
create role waxell_owner login noinherit password :'owner';
create role waxell_app login noinherit password :'app';
create role waxell_sealer login noinherit password :'sealer';
alter role waxell_owner set search_path = waxell, public;
alter role waxell_app set search_path = waxell, public;
alter role waxell_sealer set search_path = waxell, public;
create database waxell owner waxell_owner;
revoke all on database waxell from public;
grant connect on database waxell to waxell_app, waxell_sealer;
SQL
