"""Run `python -m gateway_bench`."""

import sys

from gateway_bench.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
