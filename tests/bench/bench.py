#!/usr/bin/env python3
"""Times harconv as a whole process beside the commands that people use for the same today, and prints a table in Markdown. How it is
measured: side_by_side.py."""

import sys

import side_by_side
from side_by_side import BYTES

ENTRY_MARK = '"startedDateTime": "'


def main():
    options = side_by_side.parser_of(__doc__).parse_args()
    sizes = options.sizes.split(",")
    bench = side_by_side.Bench(options)
    try:
        print(side_by_side.ROWS)
        to_file = ["-o", "{output}", "{input}"]
        harconv = "{bin}/harconv"
        for size in sizes:
            # At 10 MB starting a process is a good part of the time; the goals are for files that take a while.
            goals = (lambda goal: None if size == "10M" else goal)
            bench.compare("HAR to HAR, beside `cp`", size, [harconv, "--to", "har", *to_file], ["cp", "{input}", "{output}"], goals(0.85))
            bench.compare("HAR to HAR lines, beside `cp`", size, [harconv, "--to", "harl", *to_file], ["cp", "{input}", "{output}"], goals(0.7))
            if BYTES[size] <= BYTES["100M"]:
                bench.compare("HAR to HAR lines, beside `jq -c '.log.entries[]'`", size, [harconv, "--to", "harl", *to_file],
                              ["jq", "-c", ".log.entries[]", "{input}"], goals(20))
            bench.compare("number of entries, beside `grep -c` of a fixed string", size, [harconv, "--count", "{input}"],
                          ["grep", "-cF", ENTRY_MARK, "{input}"], goals(1.0))
        print(side_by_side.MEMORY_ROWS)
        for size in sizes:
            if size == "10M":
                continue
            for form, arguments in (("HAR to HAR", ["--to", "har"]), ("HAR to HAR lines", ["--to", "harl"]), ("number of entries", ["--count"])):
                bench.memory(size, form, "harconv", arguments)
    finally:
        status = bench.finish()
    return status


if __name__ == "__main__":
    sys.exit(main())
