"""The load tester and comparison benchmark: `python -m gateway_bench`.

It looks at servers from outside only, through sockets and /proc, and imports nothing of the
gateway: what it measures can be any server that speaks the protocol.
"""
