#!/bin/sh
# Runs an edge, and before it stops has the gateway send away the clients that came through it, spread over
# GATEWAY_SHUTDOWN_DRAIN_WINDOW: what stops the container does not matter. $1 is the signal by which the program stops.
stop=$1
shift
"$@" &
edge=$!

drain() {
	if command -v wget >/dev/null; then
		wget -q -T 15 -O /dev/null --post-data= "http://$GATEWAY_HOST:$GATEWAY_PORT/drain"
	else
		timeout 15 bash -c 'exec 3<>"/dev/tcp/$GATEWAY_HOST/$GATEWAY_PORT"
			printf "POST /drain HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" >&3
			cat <&3 >/dev/null'
	fi
}

trap 'drain || echo "no gateway was told that the edge stops" >&2; kill -"$stop" "$edge"' TERM INT
while kill -0 "$edge" 2>/dev/null; do
	wait "$edge"
	code=$?
done
exit "$code"
