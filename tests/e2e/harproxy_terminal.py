#!/usr/bin/python3
"""harproxy in a terminal: the line of counts, Ctrl-C, and a command that runs in the same terminal; by a pseudo-terminal, of which this is
the person's side."""
import os
import pty
import re
import select
import signal
import time

from harproxy_process import HARPROXY, LIMIT, Origin, check, curl, each_in_a_folder, until, urls

CTRL_C = b"\x03"


class Terminal:
    """A command with a terminal of its own; what it shows is in `shown`."""

    def __init__(self, *command, kind="xterm"):
        self.process, self.screen = pty.fork()
        if self.process == 0:
            os.execvpe(command[0], [str(word) for word in command], {**os.environ, "TERM": kind})
        self.shown = b""
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self.screen)

    def look(self):
        while select.select([self.screen], [], [], 0)[0]:
            try:
                self.shown += os.read(self.screen, 1 << 16)
            except OSError:  # the other side is closed: Linux says EIO
                return self.shown
        return self.shown

    def shows(self, pattern):
        return re.search(pattern, self.look())

    def find(self, pattern):
        until(lambda: self.shows(pattern), lambda: (pattern, self.shown))
        return re.search(pattern, self.shown)

    def press(self, keys):
        os.write(self.screen, keys)

    def end(self):
        """Its exit status, or minus the signal."""
        until = time.monotonic() + LIMIT
        while self.status is None:
            assert time.monotonic() < until, self.shown
            self.look()
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                self.status = os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        self.look()
        return self.status


def the_counts_are_a_line_that_changes_until_ctrl_c(folder):
    har = folder / "a.har"
    with Origin() as origin, Terminal(HARPROXY, "--port", "0", "-o", har) as terminal:
        url = terminal.find(rb"http://127\.0\.0\.1:\d+").group().decode()
        for count in range(1, 4):
            curl("-x", url, origin.url + "/%d" % count)
            terminal.find(rb"\r\x1b\[K%d exchange" % count)
        terminal.press(CTRL_C)
        assert terminal.end() == 0, terminal.shown
        # The line is taken away before the summary is told, and nothing stands behind a line that was not.
        last = terminal.shown.rindex(b"\r\x1b[K")
        after = terminal.shown[last:].decode()
        assert "3 exchanges" in after and str(har) in after, after
        assert after.endswith("\r\n"), after
        check(har)
        assert urls(har) == [origin.url + "/%d" % count for count in range(1, 4)]


def no_line_where_none_can_be(folder):
    for kind, more in (("dumb", []), ("xterm", ["--progress", "never"]), ("xterm", ["-q"])):
        with Origin() as origin, Terminal(HARPROXY, "--port", "0", "-o", folder / "a.har", "--overwrite", *more, kind=kind) as terminal:
            url = terminal.find(rb"http://127\.0\.0\.1:\d+").group().decode()
            curl("-x", url, origin.url + "/1")
            time.sleep(1)  # the line is drawn more often than that
            terminal.press(CTRL_C)
            assert terminal.end() == 0, terminal.shown
            assert b"\x1b[K" not in terminal.shown, (kind, more, terminal.shown)


def ctrl_c_a_second_time_ends_what_goes_on(folder):
    recording = folder / "a.rec.ndjson"
    with Origin() as origin, Terminal(HARPROXY, "--port", "0", "-o", recording, "--drain", "1h", "--progress", "never") as terminal:
        url = terminal.find(rb"http://127\.0\.0\.1:\d+").group().decode()
        with Terminal("curl", "-sN", "-x", url, origin.url + "/endless") as client:
            client.find(rb"tick")
            terminal.press(CTRL_C)
            terminal.find(rb"exchanges? goe?s? on")
            terminal.press(CTRL_C)
            assert terminal.end() == 0, terminal.shown
            client.end()
        check(recording)
        assert urls(recording) == [origin.url + "/endless"]


def ctrl_c_comes_once_to_a_command_and_its_status_counts(folder):
    har = folder / "a.har"
    script = """
        count=0
        trap 'count=$((count + 1))' INT
        curl -sS "$1/before" && echo ready
        while [ $count = 0 ]; do sleep 0.1; done
        sleep 0.5
        curl -sS "$1/after" && echo " interrupted $count"
        exit 7
    """
    with Origin() as origin, Terminal(HARPROXY, "run", "-o", har, "--", "sh", "-c", script, "sh", origin.url) as terminal:
        terminal.find(rb"ready")
        assert b"\x1b[K" not in terminal.shown, terminal.shown  # the terminal is the command's
        terminal.press(CTRL_C)
        assert terminal.end() == 7, (terminal.status, terminal.shown)
        assert b"interrupted 1" in terminal.shown, terminal.shown
        check(har)
        assert urls(har) == [origin.url + "/before", origin.url + "/after"]


def a_command_that_ctrl_c_ends_has_its_recording(folder):
    har = folder / "a.har"
    with Origin() as origin, Terminal(HARPROXY, "run", "-o", har, "--", "sh", "-c", 'curl -sS "$1/x"; echo ready; sleep 60', "sh",
                                      origin.url) as terminal:
        terminal.find(rb"ready")
        terminal.press(CTRL_C)
        assert terminal.end() == 128 + signal.SIGINT, (terminal.status, terminal.shown)
        check(har)
        assert urls(har) == [origin.url + "/x"]


if __name__ == "__main__":
    each_in_a_folder([the_counts_are_a_line_that_changes_until_ctrl_c, no_line_where_none_can_be, ctrl_c_a_second_time_ends_what_goes_on,
                      ctrl_c_comes_once_to_a_command_and_its_status_counts, a_command_that_ctrl_c_ends_has_its_recording])
