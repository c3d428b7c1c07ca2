#!/usr/bin/python3
"""harproxy killed under load, again and again, at any moment: each time the recording and the HAR can be read and hold everything that was complete
but what was on its way to them; a disk that is full, and the traffic that goes on.

HARTAPE_HARPROXY_KILLS is how often (25 without it), HARTAPE_SEED makes a run the same again.
"""
import asyncio
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from harproxy_process import Origin, Proxy, check, curl, entries, get, until, urls

RUNS = int(os.environ.get("HARTAPE_HARPROXY_KILLS", "25"))
CLIENTS = 12
QUEUE = 1 << 20  # --max-queue
# What may be on its way when it is killed: the queue, and a batch that is being written.
ON_ITS_WAY = QUEUE + (1 << 18)


def body_of(number):
    seed = hashlib.sha256(b"%d" % number).hexdigest().encode()
    return seed * (1 + number % 40)


class Load:
    """An origin, and clients that ask it by way of a proxy, one request after another, each with a body of its own; streams among them."""

    def __init__(self):
        self.complete = {}  # number of the exchange: the bytes of its body, in the order in which clients had them
        self.begun = 0
        self.connections = set()

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                number = int(head.split(b" ", 2)[1].rsplit(b"/", 1)[1])
                body = body_of(number)
                if number % 5 == 0:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for at in range(0, len(body), 64):
                        event = b"data: " + body[at:at + 64] + b"\n\n"
                        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                        await writer.drain()
                        await asyncio.sleep(0)
                    writer.write(b"0\r\n\r\n")
                else:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    async def ask(self, port, origin):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.connections.add(writer)
        try:
            while True:
                number = self.begun
                self.begun += 1
                writer.write(b"GET http://127.0.0.1:%d/%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (origin, number, origin))
                head = await reader.readuntil(b"\r\n\r\n")
                size = 0
                if b"chunked" in head:
                    while True:
                        length = int(await reader.readuntil(b"\r\n"), 16)
                        await reader.readexactly(length + 2)
                        if length == 0:
                            break
                        size += length
                else:
                    size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                    await reader.readexactly(size)
                self.complete[number] = size
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def run(self, proxy, dice):
        """Kills it at some moment; what was complete at an earlier one, of which it has said that it is in the files."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        origin = server.sockets[0].getsockname()[1]
        clients = [asyncio.create_task(self.ask(proxy.port, origin)) for _ in range(CLIENTS)]
        await asyncio.sleep(dice.uniform(0, 0.25))
        flushed = set()
        if dice.random() < 0.5:
            before = set(self.complete)
            code, _ = await asyncio.get_running_loop().run_in_executor(None, get, proxy.status_url() + "/flush", "POST")
            assert code == 200
            flushed = before
            await asyncio.sleep(dice.uniform(0, 0.15))
        complete = set(self.complete)
        proxy.process.send_signal(signal.SIGKILL)
        await asyncio.gather(*clients)
        server.close()
        return complete, flushed


def text_of(entry):
    return entry["response"].get("content", {}).get("text", "").replace("data: ", "").replace("\n\n", "").encode()


def there(file, only_whole):
    """The numbers of the complete exchanges in the file, of which each is as it was sent."""
    check(file)
    numbers = set()
    for entry in entries(file):
        number = int(entry["request"]["url"].rsplit("/", 1)[1])
        if entry.get("_incomplete"):
            assert not only_whole and body_of(number).startswith(text_of(entry)), number
        elif entry["response"]["status"] == 200 and "_error" not in entry:
            assert text_of(entry) == body_of(number), number
            assert number not in numbers, "%d is there twice" % number
            numbers.add(number)
    return numbers


def killed_at_any_moment(folder):
    seed = int(os.environ.get("HARTAPE_SEED", random.randrange(1 << 30)))
    dice = random.Random(seed)
    print("seed %d, %d runs" % (seed, RUNS), flush=True)
    total = most = most_har = with_flush = 0
    for number in range(RUNS):
        har, recording = folder / "a.har", folder / "a.rec.ndjson"
        load = Load()
        # What the one before has left is found: its files, and the spare one of its HAR.
        with Proxy("-o", har, "-o", recording, "--overwrite", "--max-queue", QUEUE, "--max-lag", "20s", "--status", "0") as proxy:
            complete, flushed = asyncio.run(load.run(proxy, dice))
            assert proxy.process.wait() == -signal.SIGKILL
        for line in recording.read_bytes().split(b"\n")[:-1]:
            json.loads(line)
        in_recording, in_har = there(recording, False), there(har, True)
        what = "run %d of seed %d" % (number, seed)
        assert flushed <= in_recording and flushed <= in_har, (what, sorted(flushed - (in_recording & in_har))[:10])
        lost = complete - in_recording
        assert sum(load.complete[each] for each in lost) <= ON_ITS_WAY, (what, len(lost))
        # A HAR gets what has ended in the last 100 ms at once; and it never has what the recording lacks.
        assert in_har <= in_recording, (what, sorted(in_har - in_recording)[:10])
        total += len(complete)
        most = max(most, len(lost))
        most_har = max(most_har, len(complete - in_har))
        with_flush += bool(flushed)
    assert total > RUNS, "there was hardly any load: %d exchanges" % total
    print("%d exchanges; of what clients had, at most %d were not in the recording and %d not in the HAR; %d runs after a flush" %
          (total, most, most_har, with_flush))


def what_is_over_is_in_the_files_before_anything_else_happens(folder):
    har, recording = folder / "a.har", folder / "a.rec.ndjson"
    with Origin() as origin, Proxy("-o", har, "-o", recording) as proxy:
        for count in range(1, 4):
            curl("-x", proxy.url, origin.url + "/%d" % count)
            for file in (har, recording):
                until(lambda: len(urls(file)) == count, "%s has not all of it" % file)
        proxy.process.kill()
    check(har, recording)


def said(proxy, file):
    """What it has said of a file, line by line."""
    return "\n".join(line for line in proxy.lines().splitlines() if "%s:" % file in line)


def last_said(proxy, file):
    return said(proxy, file).rpartition("\n")[2]


def a_full_disk_does_not_stop_the_traffic(folder):
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], stderr=subprocess.DEVNULL).returncode != 0:
        print("no file system may be mounted here: a full disk is not tried")
        return
    try:
        har, recording = disk / "a.har", disk / "a.rec.ndjson"
        with Origin() as origin, Proxy("-o", har, "-o", recording) as proxy:
            for _ in range(60):  # 12 MB: more than the disk, and than what is kept for when there is room again
                assert curl("-x", proxy.url, origin.url + "/large") == b"x" * 200_000
            until(lambda: all(": cannot write: No space left" in said(proxy, file) for file in (har, recording)), proxy.lines)
            for file in (har, recording):
                check(file)
            before = len(urls(har))
            assert before > 0
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)

            def both_are_written_again():
                # A file is tried again when there is something to write, after a while. One may have been written in between, by room
                # that the other gave back: what was said last counts.
                curl("-x", proxy.url, origin.url + "/after")
                return all(": can be written again" in last_said(proxy, file) for file in (har, recording))

            until(both_are_written_again, proxy.lines)
            curl("-x", proxy.url, origin.url + "/last")
            log = proxy.stop(expected=2)
            assert "lost" in log, log
        check(har, recording)
        for file in (har, recording):
            assert urls(file)[-1] == origin.url + "/last", (file, log)
        assert before <= urls(har).count(origin.url + "/large") < 60
        marks = [json.loads(line) for line in recording.read_bytes().splitlines() if b'"ev":"mark"' in line]
        assert marks, "the recording does not say what it lacks"
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


if __name__ == "__main__":
    for test in (killed_at_any_moment, what_is_over_is_in_the_files_before_anything_else_happens, a_full_disk_does_not_stop_the_traffic):
        begin = time.monotonic()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hartape-harproxy-kill-"))
        try:
            test(folder)
        except BaseException:
            print("the files are in %s" % folder)
            raise
        shutil.rmtree(folder)
        print("%.1f s %s" % (time.monotonic() - begin, test.__name__), flush=True)
