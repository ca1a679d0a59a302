"""python -m realtime_gateway.bench"""

import sys

from realtime_gateway.bench.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
