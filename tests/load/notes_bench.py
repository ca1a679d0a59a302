"""Measures the running system against the targets of the first release: ./notes bench notes

Starts a whole stack of its own (PostgreSQL waits for the disk at every commit), loads it from
this machine, prints a table with targets and verdicts, and removes everything again. `--quick`
does all of it small, to see that it works; its figures mean nothing.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # people.py lives beside the tests

from bench_edges import entrances
from bench_measures import QUICK, Bench, Size, tell
from bench_report import as_json, missed, plot, table
from bench_stack import own_stack
from people import People


def main() -> int:
    parser = argparse.ArgumentParser(prog="./notes bench notes", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the viewers' lag")
    arguments = parser.parse_args()
    load_before = os.getloadavg()[0]
    tell(f"starting a stack of its own (the machine's load is {load_before:.1f})")
    with own_stack("bench") as stack, People(stack) as people:
        size = QUICK if arguments.quick else Size()
        ana = people.sign_up("Ana")
        with entrances(stack) as ways:
            bench = Bench(stack, size, ana, ways)
            asyncio.run(bench.run())
    print(table(bench.rows))
    for sentence in bench.ways.left_out:
        print(f"left out: {sentence}")
    if arguments.json:
        arguments.json.write_text(
            as_json(bench.rows, quick=arguments.quick, load_before=load_before)
        )
    if arguments.plot:
        plot(bench.late, arguments.plot)
    return 1 if missed(bench.rows) and not arguments.quick else 0


if __name__ == "__main__":
    sys.exit(main())
