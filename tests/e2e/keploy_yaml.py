"""What harconv writes for Keploy, read by another library of YAML: the same requests, answers and bodies as in the recording.

A test set is read again as it is written, and the mocks of a stream refer to a file that is there.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    try:
        from ruamel.yaml import YAML
    except ImportError:
        print("skipped: there is no library of YAML (python3-yaml, or python3-ruamel.yaml as mitmproxy has it)")
        sys.exit(1 if os.environ.get("HARTAPE_REQUIRE_E2E") else 77)
    load_all = lambda text: list(YAML(typ="safe", pure=True).load_all(text))
else:
    # Go's maps may hold a name twice in one event; PyYAML takes the last.
    load_all = lambda text: list(yaml.safe_load_all(text))

BIN = os.environ["HARTAPE_BIN"]
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


def harconv(*arguments, check=True):
    done = subprocess.run([os.path.join(BIN, "harconv"), *arguments], capture_output=True, timeout=300)
    assert not check or done.returncode == 0, (arguments, done.stderr.decode())
    return done.stdout


def body_of(entry):
    content = entry["response"]["content"]
    text = content.get("text", "")
    try:
        return base64.b64decode(text, validate=True) if content.get("encoding") == "base64" else text.encode()
    except ValueError:
        return None  # harcheck has something to say of it


def answered(entry):
    return (entry.get("response") or {}).get("status", 0) >= 100 and entry["response"]["status"] != 101 and \
        not entry.get("_webSocketMessages") and entry.get("_resourceType") != "websocket"


def check(name, entries, documents):
    expected = [entry for entry in entries if answered(entry)]
    assert len(documents) == len(expected), (name, len(documents), len(expected))
    bodies = 0
    for entry, document in zip(expected, documents):
        assert document["version"] == "api.keploy.io/v1beta1" and document["kind"] == "Http", name
        spec = document["spec"]
        assert spec["req"]["method"] == entry["request"]["method"], name
        assert spec["req"]["url"] == entry["request"]["url"], (name, spec["req"]["url"], entry["request"]["url"])
        assert spec["resp"]["status_code"] == entry["response"]["status"], name
        for header, value in (spec["resp"]["header"] or {}).items():
            assert isinstance(header, str) and isinstance(value, str), (name, header, value)
        body = spec["resp"]["body"]
        if isinstance(body, (str, bytes)):
            found = body if isinstance(body, bytes) else body.encode()
            expected_body = body_of(entry)
            assert expected_body is None or found == expected_body, (name, entry["request"]["url"], found[:200], expected_body[:200])
            bodies += 1
        else:
            assert all(isinstance(chunk["ts"], str) and chunk["data"] for chunk in body), name
    return bodies


files = [os.path.join(SOURCE, "samples", name) for name in ("shop.har", "shop-after.har", "chat-llm.rec.ndjson", "messages-llm.rec.ndjson")]
corpus = os.environ.get("HARTAPE_CORPUS")
if corpus:
    for name in sorted(os.listdir(os.path.join(corpus, "har"))):
        path = os.path.join(corpus, "har", name)
        if name.endswith(".har") and not name.startswith("invalid-json") and os.path.getsize(path) < 300_000:
            files.append(path)

bodies = documents = 0
with tempfile.TemporaryDirectory(prefix="hartape-keploy-") as folder:
    for index, path in enumerate(files):
        name = os.path.basename(path)
        har = harconv(path, "--to", "har", check=False)
        try:
            entries = json.loads(har)["log"]["entries"]
            whole = all(isinstance(entry["request"]["url"], str) and isinstance(entry["response"], dict) and
                        isinstance(entry["response"].get("status"), int) and isinstance(entry["response"].get("content"), dict)
                        for entry in entries)
        except (ValueError, KeyError, TypeError):
            continue
        if not whole:
            continue
        written = harconv(path, "--to", "keploy", check=False)
        if not written:
            continue
        made = [document for document in load_all(written.decode()) if document]
        bodies += check(name, entries, made)
        documents += len(made)
        if index % 10:
            continue
        # A test set, and the same again.
        one, two = os.path.join(folder, f"{index}-1"), os.path.join(folder, f"{index}-2")
        harconv(path, "--to", "keploy", "-o", one + "/", check=False)
        harconv(one, "--to", "keploy", "-o", two + "/")
        assert subprocess.run(["diff", "-r", one, two], check=False).returncode == 0, name
        mocks = os.path.join(folder, f"{index}-mocks")
        harconv(path, "--to", "keploy-mocks", "-o", mocks + "/", check=False)
        if os.path.exists(os.path.join(mocks, "mocks.yaml")):
            with open(os.path.join(mocks, "mocks.yaml"), encoding="utf-8") as text:
                for document in load_all(text.read()):
                    reference = document["spec"]["resp"].get("stream_ref")
                    if reference:
                        with open(os.path.join(mocks, reference["path"]), encoding="utf-8") as lines:
                            records = [json.loads(line) for line in lines]
                        assert len(records) == reference["chunk_count"], name
print(f"{len(files)} files, {documents} documents, {bodies} bodies in one piece")
assert documents >= 4
