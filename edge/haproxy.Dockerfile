# edge: HAProxy in Caddy's place, with the same routing table inside, as an ordinary user.
# Built from the repository's root: docker build -f edge/haproxy.Dockerfile .
ARG HAPROXY_IMAGE=haproxy:3.2.26
FROM ${HAPROXY_IMAGE}
COPY edge/haproxy.cfg edge/away.html edge/run.sh /etc/edge/
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD ["sh", "/etc/edge/run.sh", "USR1", "haproxy", "-db", "-f", "/etc/edge/haproxy.cfg"]
