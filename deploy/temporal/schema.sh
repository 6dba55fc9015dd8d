#!/bin/sh
# Brings the schema of Temporal's two databases up to date; a repeat changes
# nothing. The databases themselves are made by deploy/postgres/init.sh.
# SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD say where they are.
set -eu

for name in temporal visibility; do
  case $name in
    temporal) export SQL_DATABASE=temporal ;;
    visibility) export SQL_DATABASE=temporal_visibility ;;
  esac
  temporal-sql-tool setup-schema -v 0.0
  temporal-sql-tool update-schema --schema-name "postgresql/v12/$name"
done
