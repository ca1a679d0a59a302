#!/bin/sh
# Starts Valkey with the password that stands in the services' own secret, the URL.
set -eu
umask 077
password=$(sed 's#.*//:\([^@]*\)@.*#\1#' /run/secrets/redis_url)
if [ -z "$password" ]; then
  echo "the secret redis_url has no password: run ./notes secrets" >&2
  exit 1
fi
cat > /tmp/valkey.conf <<CONFIG
bind 0.0.0.0
requirepass $password
dir /data
save ""
appendonly yes
maxmemory 700mb
maxmemory-policy noeviction
CONFIG
exec valkey-server /tmp/valkey.conf
