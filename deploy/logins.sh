#!/usr/bin/env bash
# What the Postgres image runs once, as its superuser, when it has made its data: the logins, with the passwords of compose.yaml.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f /deploy/logins.sql \
  -v migrator="$MIGRATOR_PASSWORD" -v api="$API_PASSWORD" -v worker="$WORKER_PASSWORD" \
  -v relay="$RELAY_PASSWORD" -v scheduler="$SCHEDULER_PASSWORD" -v signer="$SIGNER_PASSWORD"
