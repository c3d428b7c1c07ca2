"""What streamdiff writes for other programs is read by readers that are not ours: JUnit XML, NDJSON, JSON Patch, HTML (in Chromium
too, where it is installed)."""

import html.parser
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

STREAMDIFF = os.path.join(os.environ["HARTAPE_BIN"], "streamdiff")
# Text that the forms have to escape.
NASTY = ["<a & 'b' \"c\">", "</script><script>alert(1)</script>", "\x01\x1b[31m\x7f", "]]>", "\u2028\u2029", "```\n| a | b |", "<!--", "東京 🎌",
         "\\u003c"]


def run(*arguments):
    done = subprocess.run([STREAMDIFF, *arguments], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout.decode("utf-8")


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def value_of(item):
    number, text = item
    return {"n": number, "text": text, "list": [text, number, number % 3], "same": f"item {number}", "more": {"even": number % 2 == 0}}


def recording(items, delay):
    lines = [{"recording": 1, "start": "2026-11-22T09:15:30Z"},
             {"ev": "request", "id": "1", "t": 0, "request": {"method": "GET", "url": "https://api.test/"}},
             {"ev": "response", "id": "1", "t": 0.1, "kind": "sse", "response": {"status": 200}}]
    for index, item in enumerate(items):
        data = json.dumps(value_of(item))
        lines.append({"ev": "data", "id": "1", "t": round(0.2 + index * (0.1 + delay), 3), "data": f"data: {data}\n\n"})
    lines.append({"ev": "end", "id": "1", "t": 9, "reason": "eof"})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def apply(document, patch):
    """RFC 6902."""
    for operation in patch:
        names = [name.replace("~1", "/").replace("~0", "~") for name in operation["path"].split("/")[1:]]
        if not names:
            document = operation["value"]
            continue
        parent = document
        for name in names[:-1]:
            parent = parent[int(name)] if isinstance(parent, list) else parent[name]
        last = int(names[-1]) if isinstance(parent, list) else names[-1]
        if operation["op"] == "remove":
            del parent[last]
        elif operation["op"] == "add" and isinstance(parent, list):
            parent.insert(last, operation["value"])
        else:
            assert (operation["op"] == "replace") == (isinstance(parent, list) or last in parent), operation
            parent[last] = operation["value"]
    return document


class Page(html.parser.HTMLParser):
    """What is in a page: its elements, their ids, and the data in its scripts."""

    VOID = {"meta", "br", "link", "img", "input"}

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.count, self.data = [], [], {}, []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.count[tag] = self.count.get(tag, 0) + 1
        attributes = dict(attributes)
        assert not {"src", "href"} & attributes.keys(), attributes
        assert not any(name.startswith("on") for name in attributes), attributes
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag not in self.VOID:
            self.open.append((tag, attributes))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop()[0] == tag, (tag, self.getpos())

    def handle_data(self, data):
        if self.open and self.open[-1] == ("script", {"type": "application/json"}):
            self.data.append(json.loads(data))


with tempfile.TemporaryDirectory(prefix="hartape-e2e-") as folder:
    before = list(enumerate(NASTY))
    after = [(index, text + "!" if index % 2 else text) for index, text in before][1:] + [(99, "more")]
    expected = write(folder, "expected <&> 東.rec.ndjson", recording(before, 0))
    actual = write(folder, "actual|`x`.rec.ndjson", recording(after, 0.05))

    status, out = run("--report", "junit", expected, actual)
    assert status == 1
    suites = ElementTree.fromstring(out)
    [suite] = suites
    [case] = suite
    assert (suites.tag, suite.tag, case.tag) == ("testsuites", "testsuite", "testcase")
    assert suite.get("failures") == "1" and expected in suite.get("name"), suite.attrib
    [failure] = case
    assert "alert(1)" in failure.text and "is missing" in failure.text, failure.text
    status, out = run("--report", "junit", expected, expected)
    assert status == 0 and ElementTree.fromstring(out)[0].get("failures") == "0"

    _, out = run("--json", expected, actual)
    records = [json.loads(line) for line in out.split("\n")[:-1]]
    assert records[-1]["record"] == "summary" and records[-1]["differences"] == len(records) - 1
    assert {record.get("code") for record in records[:-1]} >= {"data-json-mismatch"}

    _, out = run("--report", "json-patch", expected, actual)
    patches = [json.loads(line) for line in out.split("\n")[:-1]]
    changed = [line for line in patches if line["change"] == "changed"]
    assert changed, patches
    for line in changed:
        made = apply(value_of(before[line["event"] - 1]), line["patch"])
        assert made == value_of(after[line["actual"] - 1]), line

    _, out = run("--report", "markdown", expected, actual)
    fences = [line for line in out.split("\n") if line.startswith("```")]
    assert len(fences) == 2 and len(fences[1]) > 3, fences  # longer than what is inside
    assert "\n| 1 | " in out and out.count("\\|") >= 1, out

    _, out = run("--report", "html", expected, actual)
    page = Page(out)
    assert len(set(page.ids)) == len(page.ids) == page.count["article"], page.ids
    assert page.count["script"] == 2 and page.count["canvas"] == 1, page.count
    [data] = page.data
    assert data["time"] and len(data["points"]) >= len(before)
    assert {point[5] for point in data["points"]} - {None} <= set(page.ids)
    path = write(folder, "page.html", out.encode())

    chromium = shutil.which("chromium")
    if chromium:
        done = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom",
                               f"--user-data-dir={folder}/profile", f"file://{path}"], capture_output=True, check=False, timeout=120)
        dom = done.stdout.decode("utf-8", "replace")
        # The script ran to its end, and drew.
        assert '<span class="lag">lag ' in dom, dom[-2000:]
        assert "<canvas" in dom and 'width="' in dom.split("<canvas")[1].split(">")[0], "nothing was drawn"

print("junit, ndjson, json-patch, markdown, html" + (", html in chromium" if chromium else ""))
sys.exit(0)
