#!/bin/sh
# Valkey with the password that stands in the services' own secret, the URL; `valkey.sh ping` asks it how it is.
set -eu
umask 077
configuration=/tmp/valkey.conf

if [ "${1:-}" = ping ]; then
  # Of the server that runs: the secret may be a newer one already.
  REDISCLI_AUTH=$(sed -n 's/^requirepass //p' "$configuration") valkey-cli ping | grep -q PONG
  exit
fi

# redis://:PASSWORD@valkey:6379/0, also with a user name. What is left out or escaped is read by nobody alike.
password=$(sed -n 's#^[a-z]*://[^:/@]*:\([A-Za-z0-9._~-]\{1,\}\)@.*#\1#p' /run/secrets/redis_url)
if [ -z "$password" ]; then
  echo "cannot start: the secret redis_url is not of the form redis://:PASSWORD@valkey:6379/0 with a" \
    "password of letters, digits and . _ ~ -" >&2
  exit 1
fi
cat > "$configuration" <<CONFIG
bind 0.0.0.0
requirepass $password
dir /data
save ""
appendonly yes
maxmemory 700mb
maxmemory-policy noeviction
CONFIG
exec valkey-server "$configuration"
