"""`python -m local_stack up`: what `./notes up` runs once everything is installed."""

import argparse
import sys

from local_stack import options, up
from local_stack.errors import StackError
from local_stack.services import REPOSITORY


def main() -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(prog="local_stack")
    commands = parser.add_subparsers(dest="command", required=True)
    options.add_up(commands.add_parser("up"), str(REPOSITORY / ".notes"))
    arguments = parser.parse_args()
    try:
        up.run(arguments)
    except StackError as error:
        print(f"notes: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
