#!/usr/bin/env python3
"""Times hargrep as a whole process beside GNU grep and jq that answer the same question, and prints tables in Markdown. How it is
measured: side_by_side.py."""

import sys

import side_by_side

FAILED = "'\"status\": 500'"  # a fixed string of files that are laid out as browsers do
WORDS = r"caf[eé] \w+ report"
JQ = f'.log.entries[] | select((.response.content.text // "") | test("{WORDS}"))'.replace("\\", "\\\\", 1)
JQ_STATUS = ".log.entries[] | select(.response.status >= 500)"


def compare(bench, sizes):
    print(side_by_side.ROWS)
    for size in sizes:
        # At 10 MB starting a process is a good part of the time; the goals are for files that take a while.
        goals = (lambda goal: None if size == "10M" else goal)
        row = (lambda what, ours, theirs, goal: bench.compare(what, size, ours, theirs, goal, (0, 1)))
        # Into a pipe: of an output that is /dev/null grep stops at the first match.
        grep = f"grep -c {FAILED} {{input}} | cat"
        row("`--status 5xx -c`, beside `grep -c` for one fixed string", ["{bin}/hargrep", "--status", "5xx", "-c", "{input}"], grep, goals(1))
        row("the same, one thread", ["{bin}/hargrep", "-j1", "--status", "5xx", "-c", "{input}"], grep, None)
        body = f"body =~ \"{WORDS}\""
        row("a regex over bodies, entries to a file, beside jq", ["{bin}/hargrep", body, "--to", "harl", "-o", "{output}", "{input}"],
            ["jq", "-c", JQ, "{input}"], goals(5))
        row("by status, entries to a file, beside jq", ["{bin}/hargrep", "status >= 500", "--to", "harl", "-o", "{output}", "{input}"],
            ["jq", "-c", JQ_STATUS, "{input}"], goals(5))
        row("messages that were sent, beside jq", ["{bin}/hargrep", "--messages", 'm.dir == "send"', "{input}"],
            ["jq", "-c", '.log.entries[] | ._webSocketMessages[]? | select(.type == "send")', "{input}"], goals(5))


def main():
    options = side_by_side.parser_of(__doc__).parse_args()
    sizes = options.sizes.split(",")
    bench = side_by_side.Bench(options)
    try:
        compare(bench, sizes)
        print(side_by_side.MEMORY_ROWS)
        for size in sizes:
            bench.memory(size, "hargrep --status 5xx", "hargrep", ["--status", "5xx"], (0, 1))
            bench.memory(size, "hargrep, all entries", "hargrep", ["-e", "true"], (0, 1))
            bench.memory(size, "hargrep, regex over bodies", "hargrep", ["-c", "-e", f"'body =~ \"{WORDS}\"'"], (0, 1))
            bench.memory(size, "hargrep --messages", "hargrep", ["--messages", "true"], (0, 1))
            bench.memory(size, "hargrep --sample 100", "hargrep", ["--sample", "100"], (0, 1))
            bench.memory(size, "hargrep --fit 5MB", "hargrep", ["--quiet", "--fit", "5MB"], (0, 1))
    finally:
        status = bench.finish()
    return status


if __name__ == "__main__":
    sys.exit(main())
