"""Runs the examples of README.md and docs/*.md: every ```console block, each in a shell of its own.

`$ ` begins a command, what follows is its output (standard error too). In an output `…` stands for anything within a line, and
alone in a line for any number of lines. A command whose status is not 0 says so at its end: `# exit status 1`. All blocks of a
document share a folder, in which samples/ is the project's. Port 8080 is replaced by a free one, and a server that was put in
the background has its port open before the next command runs.
"""

import glob
import os
import re
import socket
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
TIMEOUT_S = 60
MARK = "\x1e"

PRELUDE = """
finish() { kill $(jobs -p) 2>/dev/null; }
trap finish EXIT
listening() {
  for _ in {1..500}; do
    (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null && return
    sleep 0.02
  done
  echo "nothing listens on port $1"
}
"""


def blocks(text):
    """(line number, [(command, status, expected output)]) of each block."""
    for match in re.finditer(r"^```console\n(.*?)^```$", text, re.M | re.S):
        commands = []
        for line in match[1].splitlines():
            if line.startswith("$ "):
                status = re.search(r"# exit status (\d+)$", line)
                commands.append((line[2:], int(status[1]) if status else 0, []))
            elif commands and commands[-1][0].endswith("\\"):
                command, status, expected = commands.pop()
                commands.append((command + "\n" + line, status, expected))
            else:
                commands[-1][2].append(line)
        yield text.count("\n", 0, match.start()) + 1, commands


def matches(expected, found):
    pattern = ""
    for line in expected:
        if line == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("…")) + "\n"
    return re.fullmatch(pattern, found) is not None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def run_block(commands, folder, port):
    script = PRELUDE
    for command, _, _ in commands:
        script += command.replace("8080", port) + "\n"
        script += f"printf '{MARK}%s{MARK}' $?\n"
        if command.endswith("&"):
            script += f"listening {port}\n"
    # No proxy but one that the example names, and nothing of the user's but what it makes.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"PATH": os.environ["HARTAPE_BIN"] + ":" + os.environ["PATH"], "NO_COLOR": "1",
                    "XDG_DATA_HOME": os.path.join(folder, "data")}
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
    parts = done.stdout.decode("utf-8", "replace").replace(port, "8080").split(MARK)
    outputs, statuses = parts[0::2], parts[1::2]
    return list(zip(outputs, map(int, statuses)))


failures = count = 0
documents = [os.path.join(SOURCE, "README.md")]
documents += sorted(glob.glob(os.path.join(SOURCE, "docs", "**", "*.md"), recursive=True))
for document in documents:
    with open(document, encoding="utf-8") as text, tempfile.TemporaryDirectory(prefix="hartape-documents-") as folder:
        os.symlink(os.path.join(SOURCE, "samples"), os.path.join(folder, "samples"))
        for line, commands in blocks(text.read()):
            results = run_block(commands, folder, free_port())
            for (command, status, expected), (found, found_status) in zip(commands, results):
                count += 1
                if status != found_status or not matches(expected, found):
                    failures += 1
                    print(f"{os.path.relpath(document, SOURCE)}:{line}: $ {command}\nexpected, with status {status}:\n" + "\n".join(expected)
                          + f"\nfound, with status {found_status}:\n{found}")
            if len(results) < len(commands):
                failures += 1
                print(f"{os.path.relpath(document, SOURCE)}:{line}: the shell ended at: {commands[len(results)][0]}")
print(f"{count} examples, {failures} failed")
sys.exit(1 if failures or not count else 0)
