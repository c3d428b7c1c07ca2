#!/usr/bin/env python3
"""Makes NDJSON recordings of about SIZE bytes each in FOLDER, always the same ones, for comparisons:

  expected.ndjson   a language model's stream: a record an event, with a time, a number and the event's text
  equal.ndjson      the same bytes
  changed.ndjson    with 50 changes, of which 34 are differences: texts, ids, missing and extra records; in the others only the order of
                    members or the spelling of a number is another one
  shifted.ndjson    the same changes, and another time in every record, up to 2 ms later
  other.ndjson      as many records as expected.ndjson, each of which differs

Prints what they hold.
"""

import json
import os
import random
import sys

UNITS = {"K": 10**3, "M": 10**6, "G": 10**9}
CHANGES = 50
KINDS = ["text", "missing", "extra", "order", "spelling", "id"]
SAME = {"order", "spelling"}
WORDS = [" the", " of", " and", " a", " to", "ing", ",", ".", "\n", " café", " 数据", " 🚀", ' "x"', " `code`", " function", "{", "}", "\\n", "\t", " naïve"]


def chunk(chat, created, content):
    """A piece of a model's answer, as the characters of a JSON string."""
    data = {"id": chat, "object": "chat.completion.chunk", "created": created, "model": "demo-1",
            "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}]}
    return json.dumps(json.dumps(data, ensure_ascii=False, separators=(",", ":")), ensure_ascii=False)


def main():
    size, folder = sys.argv[1:]
    size = int(float(size[:-1]) * UNITS[size[-1]])
    rng = random.Random(1)
    os.makedirs(folder, exist_ok=True)
    names = ("expected", "equal", "changed", "shifted", "other")
    out = {name: open(os.path.join(folder, name + ".ndjson"), "wb", buffering=1 << 20) for name in names}
    template = chunk("@chat", 1730000000, "@word").replace("1730000000", "%d").replace("@chat", "%s").replace("@word", "%s")
    words = [json.dumps(json.dumps(word, ensure_ascii=False)[1:-1], ensure_ascii=False)[1:-1] for word in WORDS]
    done = records = changes = differences = left = 0
    time = shifted = 0.0
    chat = ""
    while done < size:
        if left == 0:
            left = rng.randrange(40, 900)
            chat = f"chatcmpl-{rng.randrange(2**48):012x}"
        left -= 1
        records += 1
        time += rng.random() * 0.04
        shifted = max(shifted, time + rng.random() * 0.002)
        word = rng.choice(words)
        data = template % (chat, 1730000000 + records, word)
        record = '{"ts":%.6f,"type":"message","seq":%d,"data":%s}\n'
        line = (record % (time, records, data)).encode()
        done += len(line)
        change = None
        if changes < CHANGES and done > size * (changes + 1) // (CHANGES + 1):
            change = KINDS[changes % len(KINDS)]
            changes += 1
            differences += change not in SAME
        for name, at in (("changed", time), ("shifted", shifted)):
            text = record % (at, records, data)
            if change == "text":
                text = record % (at, records, template % (chat, 1730000000 + records, word + "!"))
            elif change == "missing":
                text = ""
            elif change == "extra":
                text += text
            elif change == "order":
                text = '{"type":"message","seq":%d,"ts":%.6f,"data":%s}\n' % (records, at, data)
            elif change == "spelling":
                text = text.replace('"seq":%d,' % records, '"seq":%d.0,' % records, 1)
            elif change == "id":
                text = text.replace("chatcmpl-", "chatcmpx-")
            out[name].write(text.encode())
        out["expected"].write(line)
        out["equal"].write(line)
        other = template % ("chatcmpl-other", 1740000000 + records, words[records % len(words)])
        out["other"].write((record % (time + 1e6, -records, other)).encode())
    for file in out.values():
        file.close()
    print(json.dumps({"records": records, "differences": differences}))


if __name__ == "__main__":
    main()
