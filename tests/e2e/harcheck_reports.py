"""What harcheck writes for other programs is read by readers that are not ours: JUnit XML, SARIF, NDJSON."""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

HARCHECK = os.path.join(os.environ["HARTAPE_BIN"], "harcheck")
LEVELS = {"note": 0, "warning": 1, "error": 2}


def entry(**changes):
    return {
        "startedDateTime": "2026-11-22T09:00:00.000Z",
        "time": 30,
        "request": {"method": "GET", "url": "http://a.test/1", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "queryString": [],
                    "headersSize": -1, "bodySize": 0},
        "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                     "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}, "redirectURL": "", "headersSize": -1, "bodySize": 2},
        "cache": {},
        "timings": {"send": 0, "wait": 10, "receive": 20},
        **changes,
    }


def har(entries):
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "hand", "version": "1"}, "entries": entries}}, indent=1)


def run(*arguments):
    done = subprocess.run([HARCHECK, *arguments], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


# Characters that the forms have to escape, as values and thus in messages.
NASTY = ["<a & 'b' \"c\">", "]]>", "\x01\x1b[31m\x7f", "100%,a:b\r\n::error::", "\ufffe\uffff", "\ud800", "東京 🎌"]

with tempfile.TemporaryDirectory(prefix="hartape-e2e-") as folder:
    good = write(folder, "good.har", har([entry()]))
    dirty = write(folder, "dirty <&%> 東.har",
                  har([entry(startedDateTime=text, time=text, pageref=index) for index, text in enumerate(NASTY)] + [entry(time=99)] * 3))
    missing = os.path.join(folder, "missing.har")
    status, out, _ = run("--json", good, dirty)
    assert status == 1, status
    records = [json.loads(line) for line in out.decode("utf-8").splitlines()]
    assert all(record["harcheck"] == 1 for record in records)
    summaries = {record["file"]: record for record in records if record["record"] == "summary"}
    findings = [record for record in records if record["record"] == "finding"]
    assert summaries[good]["valid"] and not summaries[dirty]["valid"], summaries
    assert summaries[good]["entries"] == 1 and summaries[dirty]["entries"] == len(NASTY) + 3
    for file in (good, dirty):
        of_file = [finding for finding in findings if finding["file"] == file]
        for level, member in (("error", "errors"), ("warning", "warnings"), ("note", "notes")):
            assert summaries[file][member] == sum(finding["level"] == level for finding in of_file), (file, level)
        for rule, count in summaries[file]["rules"].items():
            assert count == sum(finding["rule"] == rule for finding in of_file), rule
    # A place is where it says: the pointer leads to a value, the line holds it, and so does the byte.
    text = open(dirty, encoding="utf-8").read()
    raw = text.encode("utf-8")
    for finding in findings:
        value = json.loads(text)
        for name in finding["pointer"].split("/")[1:]:
            name = name.replace("~1", "/").replace("~0", "~")
            value = value[int(name)] if isinstance(value, list) else value[name]
        assert finding["byte"] == len(b"\n".join(raw.split(b"\n")[:finding["line"] - 1] + [b""])) + finding["column"] - 1, finding

    status, out, err = run("--report", "junit", good, dirty, missing)
    assert status == 2 and b"missing.har" in err, (status, err)
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(out)}
    assert set(suites) == {good, dirty, missing}, set(suites)
    for suite in suites.values():
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
    assert suites[good].get("failures") == "0" and int(suites[good].get("tests")) > 50
    failed = {case.get("name") for case in suites[dirty].findall("testcase") if case.find("failure") is not None}
    assert failed == {finding["rule"] for finding in findings if finding["level"] == "error"}, failed
    assert suites[missing].get("errors") == "1"

    status, out, _ = run("--report", "sarif", good, dirty, missing)
    assert status == 2, status
    document = json.loads(out)
    assert document["version"] == "2.1.0" and "sarif-2.1.0" in document["$schema"]
    (sarif,) = document["runs"]
    rules = sarif["tool"]["driver"]["rules"]
    assert sarif["tool"]["driver"]["name"] == "harcheck" and len({rule["id"] for rule in rules}) == len(rules)
    assert len(sarif["results"]) == len(findings)
    for result, finding in zip(sarif["results"], findings):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding["rule"]
        assert result["level"] == finding["level"] and result["message"]["text"] == finding["message"]
        (place,) = result["locations"]
        region = place["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (finding["line"], finding["column"])
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.startswith("file:///") and uri.isascii() and " " not in uri and "<" not in uri, uri
    assert sarif["invocations"][0]["executionSuccessful"] is False

    status, out, _ = run("--report", "github", "-v", dirty)
    commands = [line for line in out.decode("utf-8").splitlines() if line.startswith("::")]
    assert len(commands) == len([finding for finding in findings if finding["file"] == dirty])
    assert not any(ord(c) < 0x20 or c == "\x7f" for line in commands for c in line)

print(f"{len(findings)} findings in every form")
