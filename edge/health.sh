#!/bin/sh
# The edge's health, asked inside its container every few seconds; the rules are those of compose/health.py: an edge that
# has answered once, and then not for a minute and at least three questions, is killed and started again.
set -u
memory=${TMPDIR:-/tmp}/health
read -r now _ < /proc/uptime
now=${now%.*}

if wget -q -T 3 -O /dev/null "${1:-http://127.0.0.1:2020/}"; then
  echo "$now 0" > "$memory"
  exit 0
fi
[ -r "$memory" ] || exit 1 # it has yet to start
read -r heard unanswered < "$memory"
unanswered=$((unanswered + 1))
echo "$heard $unanswered" > "$memory"
[ "$unanswered" -ge 3 ] && [ $((now - heard)) -ge 60 ] || exit 1

echo '{"level": "error", "logger": "health", "message": "no answer for 60 s: the edge is killed"}' > /proc/1/fd/2
for process in /proc/[0-9]*; do
  # PID (name) state parent …; the names here have no blanks.
  { read -r pid _ _ parent _ < "$process/stat"; } 2>/dev/null || continue
  [ "$parent" = 1 ] && kill -9 "$pid"
done
exit 1
