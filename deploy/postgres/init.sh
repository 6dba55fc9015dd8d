#!/bin/sh
# Runs once, on an empty data directory: one role and one database per service,
# which no other role may open. The image runs it as the superuser.
set -eu

# database NAME ROLE PASSWORD
database() {
  psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set database="$1" --set role="$2" --set password="$3" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'role', :'password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}

# readable NAME: the role that checks Kassa's invariants may look into it.
readable() {
  psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set database="$1" <<'SQL'
GRANT CONNECT ON DATABASE :"database" TO kassa_verify;
SQL
}

psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set password="$VERIFY_PASSWORD" <<'SQL'
CREATE ROLE kassa_verify LOGIN PASSWORD :'password';
GRANT pg_read_all_data TO kassa_verify;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
SQL

database users     users     "$USERS_PASSWORD"
database products  products  "$PRODUCTS_PASSWORD"
database inventory inventory "$INVENTORY_PASSWORD"
database carts     carts     "$CARTS_PASSWORD"
database orders    orders    "$ORDERS_PASSWORD"
database payments  payments  "$PAYMENTS_PASSWORD"
database analytics analytics "$ANALYTICS_PASSWORD"
database notifications notifications "$NOTIFICATIONS_PASSWORD"
database psp       psp       "$PSP_PASSWORD"
for name in users products inventory carts orders payments analytics notifications psp; do
  readable "$name"
done

database temporal            temporal "$TEMPORAL_PASSWORD"
database temporal_visibility temporal "$TEMPORAL_PASSWORD"
