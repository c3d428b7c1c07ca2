"""What goes wrong outside the tools: broken, foreign, hostile and unreadable inputs, outputs that cannot be written.

Each tool must answer each of them with status 2 and one `error:` line that names the file and, where there is one, the place, and
neither crash nor hang. Nothing may appear under the output's name, unless the input was a HAR that is broken somewhere: then harconv
saves the entries that are whole, and its output is a HAR of nothing else. All cases run; the failures are listed at the end.
"""

import gzip
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

BIN = os.environ["HARTAPE_BIN"]
TIMEOUT_S = 20
MEMORY_LIMIT = 300 << 20  # bytes: far more than any of these inputs needs, far less than what the bombs expand to

failures = []
checks = 0


def check(condition, what, detail=""):
    global checks
    checks += 1
    if not condition:
        failures.append(f"{what}\n    {detail}" if detail else what)


def run(arguments, stdout=subprocess.PIPE):
    """Status (negative: a signal, None: it hung), standard output and error."""
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT)))
    try:
        out, error = process.communicate(timeout=TIMEOUT_S)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, error = process.communicate()
        status = None
    return status, out or b"", error.decode("utf-8", "replace")


def tools(path, work):
    """One command a tool that has to read `path`; the output's name, where it has one."""
    output = os.path.join(work, "out")
    yield [f"{BIN}/harconv", "--to", "har", "-o", output, path], output
    yield [f"{BIN}/streamdiff", good_path, path], None
    yield [f"{BIN}/streamserve", "--port", "0", path], None


def check_saved(label, work, output, whole):
    """The output is a HAR of some of the entries `whole`, and nothing else is in the folder."""
    left = os.listdir(work)
    if left == [] or whole is None:
        check(left == [], f"{label}: leaves nothing behind", str(left))
    else:
        try:
            with open(output, "rb") as text:
                saved = json.load(text)["log"]["entries"]
        except (OSError, ValueError, KeyError, RecursionError) as error:
            saved = [str(error)]
        check(left == [os.path.basename(output)] and all(entry in whole for entry in saved), f"{label}: saves whole entries only", str(saved)[:300])
    for name in left:
        os.unlink(os.path.join(work, name))


def refused(what, path, work, place=None, options=(), message=None, whole=None):
    """Each tool refuses `path`. `place`: a pattern for what follows the file's name; `message`: one for something that is said.
    `whole`: the entries that may be saved."""
    for command, output in tools(path, work):
        command = [command[0], *options, *command[1:]]
        label = f"{what}: {os.path.basename(command[0])}"
        status, out, error = run(command)
        detail = f"{' '.join(command)}\n    status {status}, stderr: {error.strip()[:600]!r}"
        check(status == 2, f"{label}: exits with 2", detail)
        lines = [line for line in error.splitlines() if re.search(r"(^|[ :])error: ", line)]
        check(len(lines) == 1, f"{label}: says one error", detail)
        check(all(path in line for line in lines), f"{label}: names the file", detail)
        if place:
            check(any(re.search(re.escape(path) + place, line) for line in lines), f"{label}: names the place", detail)
        if message:
            check(re.search(message, error), f"{label}: says {message}", detail)
        if output:
            check_saved(label, work, output, whole)


def accepted(what, path, work, options=()):
    for command, output in tools(path, work):
        name = os.path.basename(command[0])
        if name == "streamserve":
            continue  # it would serve
        if name == "streamdiff":
            command[1] = path
        command = [command[0], *options, *command[1:]]
        status, _, error = run(command)
        check(status == 0 and "error:" not in error, f"{what}: {name}: accepts it", f"{' '.join(command)}\n    status {status}: {error.strip()[:600]!r}")
        if output and os.path.exists(output):
            os.unlink(output)


def har(entries=3, text="hello"):
    body = {"size": len(text), "mimeType": "text/plain", "text": text}
    entry = {
        "startedDateTime": "2026-11-22T09:15:30.123Z", "time": 12.5,
        "request": {"method": "GET", "url": "http://example.org/a", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                    "queryString": [], "headersSize": -1, "bodySize": 0},
        "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "content": body,
                     "redirectURL": "", "headersSize": -1, "bodySize": -1},
        "cache": {}, "timings": {"send": 0.5, "wait": 10, "receive": 2},
    }
    log = {"log": {"version": "1.2", "creator": {"name": "bad_input", "version": "1"}, "entries": [entry] * entries}}
    return json.dumps(log, indent=2).encode()


def file(name, content):
    path = os.path.join(root, name)
    with open(path, "wb") as out:
        out.write(content)
    return path


PLACE = r":\d+:\d+: "  # file:line:column
PLACE_OR_BYTE = r":(\d+:\d+: | .*\bbyte \d+)"


def contents(work):
    good = har()
    entries = json.loads(good)["log"]["entries"]
    refused("an empty file", file("empty.har", b""), work)
    refused("white space only", file("blank.har", b"\n \n"), work)
    refused("HTML", file("page.har", b"<!doctype html>\n<html><body>404 Not Found</body></html>\n"), work, PLACE)
    refused("JSON that is no HAR", file("other.har", b'{"name": "x", "items": [1, 2]}\n'), work)
    refused("an array", file("array.har", b"[]\n"), work)
    refused("a log that is no object", file("log.har", b'{"log": []}\n'), work, PLACE)
    refused("entries that are no array", file("entries.har", b'{"log": {"version": "1.2", "entries": {}}}\n'), work, PLACE)

    # Every cut through the frame and the first entry, then some; only white space may be missing.
    for end in [*range(1, 400, 7), *range(400, len(good) - 2, 211), len(good) - 2, len(good) - 1]:
        refused(f"a HAR cut after {end} of {len(good)} bytes", file("cut.har", good[:end]), work, whole=entries)

    refused("a byte that is not UTF-8", file("utf8.har", good.replace(b"hello", b"he\xffllo", 1)), work, PLACE, whole=entries)
    refused("an overlong form", file("overlong.har", good.replace(b"hello", b"\xc0\x80", 1)), work, PLACE, whole=entries)
    refused("an encoded surrogate", file("cesu.har", good.replace(b"hello", b"\xed\xa0\x80", 1)), work, PLACE, whole=entries)
    accepted("escapes of lone surrogates", file("surrogates.har", good.replace(b"hello", b"\\ud83d \\ude00 \\uDFFF", 1)), work)
    accepted("a byte order mark", file("bom.har", b"\xef\xbb\xbf" + good), work)
    refused("a NUL byte in a string", file("nul.har", good.replace(b"hello", b"he\0llo", 1)), work, PLACE, whole=entries)
    refused("a NUL byte behind the end", file("nul-end.har", good + b"\0"), work, PLACE, whole=entries)
    refused("two documents in a row", file("twice.har", good + b"\n" + good), work, PLACE, whole=entries)
    nested = b"[" * 10_000 + b"]" * 10_000
    refused("10,000 brackets in an entry", file("deep.har", good.replace(b'"hello"', nested, 1)), work, PLACE, message="--max-depth", whole=entries)
    refused("10,000 brackets", file("brackets.har", b"[" * 10_000), work)
    long = file("long.har", har(1, "x" * 3_000_000))
    refused("a string over --max-entry", long, work, PLACE_OR_BYTE, ("--max-entry", "1MiB"), "--max-entry", whole=[])
    accepted("the same below it", long, work, ("--max-entry", "4MiB"))


def compressed(work):
    good = har(200)
    entries = json.loads(good)["log"]["entries"]
    packed = gzip.compress(good, mtime=0)
    accepted("gzip", file("good.har.gz", packed), work)
    for end in [1, 2, 9, 10, 11, len(packed) // 2, len(packed) - 8, len(packed) - 1]:
        refused(f"gzip cut after {end} of {len(packed)} bytes", file("cut.har.gz", packed[:end]), work, whole=entries)
    broken = bytearray(packed)
    broken[-5] ^= 1
    refused("gzip with a wrong checksum", file("crc.har.gz", bytes(broken)), work, whole=entries)
    refused("bytes behind the gzip member", file("behind.har.gz", packed + b"garbage"), work, whole=entries)

    # 512 MiB of blanks in the middle of a document. gzip gets 1000 to 1, zstd far more.
    def blanks(out):
        out.write(b'{"log": {"version": "1.2", ')
        for _ in range(512):
            out.write(b" " * (1 << 20))
        out.write(b'"entries": []}}')

    bomb = os.path.join(root, "bomb.har.gz")
    with gzip.open(bomb, "wb", 6) as out:
        blanks(out)
    refused("a gzip bomb", bomb, work, None, ("--max-expansion", "100"), "--max-expansion", whole=[])
    bomb = os.path.join(root, "bomb.har.zst")
    with subprocess.Popen(["zstd", "-q", "-o", bomb, "-"], stdin=subprocess.PIPE) as zstd:
        blanks(zstd.stdin)
    check(zstd.returncode == 0, "zstd packs the bomb")
    refused("a zstd bomb", bomb, work, None, (), "--max-expansion", whole=[])


def paths(work):
    refused("a name that is not there", os.path.join(root, "missing.har"), work, ": ")
    directory = os.path.join(root, "directory.har")
    os.mkdir(directory)
    refused("a directory", directory, work, ": ")
    if os.geteuid() != 0:
        locked = file("locked.har", har())
        os.chmod(locked, 0)
        refused("a file that may not be read", locked, work, ": ")


def outputs(work):
    good = file("good.har", har(3000))
    # A full disk: the output is a device, then a file system of its own, where one may be mounted.
    status, _, error = run([f"{BIN}/harconv", "--to", "harl", "-o", "/dev/full", good])
    check(status == 2 and error.count("error: ") == 1 and "/dev/full" in error, "a full device: harconv", f"status {status}: {error!r}")
    with open("/dev/full", "wb") as full:
        for command in ([f"{BIN}/harconv", "--to", "harl", good], [f"{BIN}/streamdiff", good, file("other2.har", har(3000, "HELLO"))]):
            status, _, error = run(command, stdout=full)
            check(status == 2 and error.count("error: ") == 1, f"a full device as standard output: {os.path.basename(command[0])}", f"status {status}: {error!r}")
    disk = os.path.join(root, "disk")
    os.mkdir(disk)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], stderr=subprocess.DEVNULL).returncode == 0
    if mounted:
        try:
            status, _, error = run([f"{BIN}/harconv", "--to", "harl", "-o", f"{disk}/out.harl", good])
            check(status == 2 and error.count("error: ") == 1 and f"{disk}/out.harl" in error, "a full disk: harconv", f"status {status}: {error!r}")
            check(os.listdir(disk) == [], "a full disk: nothing is left behind", str(os.listdir(disk)))
        finally:
            subprocess.run(["umount", disk], check=True)
    else:
        print("note: no file system may be mounted here, so only /dev/full stands for a full disk")
    target = f"{root}/no/such/folder/out.harl"
    status, _, error = run([f"{BIN}/harconv", "--to", "harl", "-o", target, good])
    check(status == 2 and error.count("error: ") == 1 and target in error, "a folder that is not there: harconv", f"status {status}: {error!r}")
    existing = file("existing.harl", b"mine\n")
    status, _, error = run([f"{BIN}/harconv", "--to", "harl", "-o", existing, good])
    check(status == 2 and error.count("error: ") == 1 and "--overwrite" in error and open(existing, "rb").read() == b"mine\n",
          "an output that exists: harconv", f"status {status}: {error!r}")

    # A reader that has gone ends a tool quietly, and soon.
    big = file("big.har", har(30_000))
    for command in ([f"{BIN}/harconv", "--to", "harl", big], [f"{BIN}/harconv", "--to", "recording", big]):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        error = process.stderr.read()
        status = process.wait(TIMEOUT_S)
        check(status == 0 and error == b"", f"a reader that has gone: {' '.join(command)}", f"status {status}: {error!r}")

    # A killed tool leaves nothing under the output's name either.
    fifo = os.path.join(root, "fifo.har")
    os.mkfifo(fifo)
    for kill in (signal.SIGINT, signal.SIGTERM):
        output = os.path.join(work, "killed.har")
        process = subprocess.Popen([f"{BIN}/harconv", "--from", "har", "--to", "har", "-o", output, fifo], stderr=subprocess.PIPE)
        with open(fifo, "wb") as pipe:
            pipe.write(har(100)[:20_000])
            pipe.flush()
            process.send_signal(kill)
            status = process.wait(TIMEOUT_S)
        process.stderr.close()
        check(status not in (0, 1), f"harconv ends on {kill.name}", f"status {status}")
        check(os.listdir(work) == [], f"{kill.name}: nothing is left behind", str(os.listdir(work)))


def ports():
    recording = file("serve.har", har())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, out, error = run([f"{BIN}/streamserve", "--port", str(port), recording])
        check(status == 2 and error.count("error: ") == 1 and str(port) in error, "a port in use", f"status {status}: {error!r}")
    for port in ("65536", "-1", "http"):
        status, out, error = run([f"{BIN}/streamserve", "--port", port, recording])
        check(status == 2 and error.count("error: ") == 1, f"port {port}", f"status {status}: {error!r}")


root = tempfile.mkdtemp(prefix="hartape-bad-input-")
work_folder = os.path.join(root, "work")
os.mkdir(work_folder)
good_path = file("expected.har", har())
try:
    contents(work_folder)
    compressed(work_folder)
    paths(work_folder)
    outputs(work_folder)
    ports()
finally:
    shutil.rmtree(root)
print(f"{checks} checks, {len(failures)} failed")
for failure in failures:
    print(f"failed: {failure}")
sys.exit(1 if failures else 0)
