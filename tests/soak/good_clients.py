"""Clients that do as they should. Whatever they get of an answer without a fault must be right, byte for byte."""
import asyncio
import gzip
import hashlib
import json
import zlib

from http_client import ENDINGS, Broken, Connection
from material import CHANGING, EVENTS, HOST
from origin import up_body, up_stream

KEEPALIVE = b": keepalive\n\n"


async def connect(soak, rng, **more):
    """As the origin, as a proxy, and through tunnels with and without TLS."""
    way = rng.choices(("origin", "proxy", "tunnel", "tls"), (4, 2, 1, 2))[0]
    soak.count(way)
    if way == "tunnel":
        return await Connection.open(soak.port, HOST, tunnel=HOST + ":80", **more)
    if way == "tls":
        return await Connection.open(soak.port, HOST, tunnel=HOST + ":443", tls=soak.tls, **more)
    connection = await Connection.open(soak.port, HOST if way == "proxy" or rng.random() < 0.5 else "127.0.0.1:%d" % soak.port, **more)
    if way == "proxy":
        connection.prefix = rng.choice(("http://", "HTTP://")) + HOST
    return connection


def must(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(each)[:300] for each in what))


def check(page, answer, body=None):
    expected = page.body if body is None else body
    got = answer.body.replace(KEEPALIVE, b"") if page.kind == "sse" else answer.body
    must(answer.status == page.status, page.path, "status", answer.status, answer.body)
    must(got == expected, page.path, "has another body:", len(got), "bytes for", len(expected), got)


def shuffled(rng, text):
    """The same JSON for whoever reads it as such."""
    members = list(json.loads(text).items())
    rng.shuffle(members)
    return json.dumps(dict(members), indent=rng.choice((None, 1))).encode()


async def ask_page(soak, rng, connection, page):
    if page.sent is not None:
        answer = await connection.ask("POST", page.path, [("Content-Type", "application/json")], shuffled(rng, page.sent), chunked=rng.random() < 0.3)
    else:
        answer = await connection.ask("GET", page.path)
    soak.count("requests")
    check(page, answer)


async def pages(soak, rng):
    material = soak.material
    async with await connect(soak, rng) as connection:
        for _ in range(rng.randint(1, 12)):
            await ask_page(soak, rng, connection, rng.choice([*material.pages, *material.posts, *material.har]))


async def pipelined(soak, rng):
    asked = [rng.choice([*soak.material.pages, *soak.material.har]) for _ in range(rng.randint(2, 20))]
    async with await connect(soak, rng) as connection:
        for page in asked:
            connection.send("GET", page.path)
        if rng.random() < 0.1:  # a client may leave in the middle of its answers
            return connection.abort()
        for page in asked:
            check(page, await connection.answer())
            soak.count("requests")


async def heads_and_conditions(soak, rng):
    page = rng.choice(soak.material.pages)
    tag = dict(page.headers)["ETag"]
    async with await connect(soak, rng) as connection:
        answer = await connection.ask("HEAD", page.path)
        length = answer.header("content-length")
        must(answer.status == 200 and answer.header("etag") == tag and length in (None, str(len(page.body))), "HEAD", page.path, answer)
        for fields, status in (([("If-None-Match", tag)], 304), ([("If-None-Match", '"other"')], 200), ([("If-Match", '"other"')], 412),
                               ([("If-Modified-Since", "Mon, 23 Nov 2026 09:15:30 GMT")], 304)):
            answer = await connection.ask("GET", page.path, fields)
            must(answer.status == status and (status != 200 or answer.body == page.body), fields, page.path, answer.status)
        size = len(page.body)
        begin = rng.randrange(size)
        end = rng.randint(begin, size + 10)
        answer = await connection.ask("GET", page.path, [("Range", "bytes=%d-%d" % (begin, end)), *([("If-Range", tag)] if rng.random() < 0.5 else [])])
        must(answer.status == 206 and answer.body == page.body[begin:end + 1], "Range", page.path, begin, end, answer.status, len(answer.body))
        must(answer.header("content-range") == "bytes %d-%d/%d" % (begin, min(end, size - 1), size), answer.fields)
        answer = await connection.ask("GET", page.path, [("Range", "bytes=%d-" % size)])
        must(answer.status == 416, "Range behind the end", answer.status)
        if size > 100:
            answer = await connection.ask("GET", page.path, [("Range", "bytes=0-9, 50-59")])
            must(answer.status == 206 and page.body[50:60] in answer.body, "two ranges", page.path, answer.status)
        soak.count("requests", 8)


async def codings(soak, rng):
    page = rng.choice(soak.material.codings)
    async with await connect(soak, rng) as connection:
        for accepted in rng.sample(("gzip", "deflate", "gzip, deflate", "identity", "br;q=0.5", None), 3):
            answer = await connection.ask("GET", page.path, [("Accept-Encoding", accepted)] if accepted else [])
            coding = answer.header("content-encoding")
            must(coding is None or accepted is None or coding in accepted, page.path, "coded as", coding, "for", accepted)
            body = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}[coding](answer.body)
            must(body == page.body, page.path, "is decoded to something else, from", coding, len(body), len(page.body))
            soak.count("requests")


async def streams(soak, rng):
    page = rng.choice(soak.material.streams)
    async with await connect(soak, rng) as connection:
        if page.kind == "sse" and rng.random() < 0.5:
            last = rng.randint(1, EVENTS - 1)
            check(page, await connection.ask("GET", page.path, [("Last-Event-ID", str(last))]), b"".join(page.pieces[last:]))
        elif rng.random() < 0.2:  # leaves in the middle
            connection.send("GET", page.path)
            head = await connection.head()
            must(head.status == 200, page.path, head.status)
            await asyncio.sleep(rng.random() * 0.3)
            connection.abort()
        else:
            check(page, await connection.ask("GET", page.path))
        soak.count("streams")


async def big(soak, rng):
    async with await connect(soak, rng) as connection:
        await ask_page(soak, rng, connection, soak.material.big)


async def trailers(soak, rng):
    page = soak.material.trailed
    async with await connect(soak, rng) as connection:
        answer = await connection.ask("GET", page.path, [("TE", "trailers")])
        check(page, answer)
        must(answer.trailers == [("x-sum", hashlib.sha256(page.body).hexdigest())], "trailers", answer.trailers)
        soak.count("requests")


async def mocks(soak, rng):
    async with await connect(soak, rng) as connection:
        async def get(path, **more):
            soak.count("mocked")
            return await connection.ask("GET", "/mock/" + path, **more)

        answer = await get("text")
        must(answer.status == 200 and answer.body == b"mocked" and answer.header("x-mock") == "yes", "mock", answer)
        answer = await get("file")
        must(answer.body == soak.material.pages[3].body, "mock of a file", len(answer.body))
        answer = await get("busy")
        must(answer.status == 503 or answer.body == b"free", "mock with every", answer)
        sku = "%d" % rng.randrange(10 ** 9)
        answer = await connection.ask("POST", "/mock/echo", [("Content-Type", "application/json")], json.dumps({"sku": sku}).encode())
        must(answer.status == 201 and json.loads(answer.body) == {"sku": sku}, "mock with a place", answer)
        answer = await get("form/%s?q=%s" % (sku, sku[::-1]))
        must(answer.body.decode() == "%s?q=%s %s GET" % (sku, sku[::-1], sku[::-1]), "mock with a template", answer)
        answer = await get("sse")
        must(answer.body.replace(KEEPALIVE, b"").count(b"data: ") == 10, "mocked events", answer)
        answer = await get("rows")
        must([json.loads(row)["n"] for row in answer.body.splitlines()] == list(range(10)), "mocked rows", answer)
        answer = await get("late")
        must(answer.body == b"late", "late mock", answer)


async def passed_on(soak, rng):
    number = rng.randrange(300)
    async with await connect(soak, rng) as connection:
        kind = rng.randrange(4)
        soak.count("passed on")
        if kind == 0:
            answer = await connection.ask("GET", "/up/sse/%d" % number)
            must(answer.status == 200 and answer.body == b"".join(up_stream(number)), "a stream that is passed on", answer)
        elif kind == 1:
            body = b"%d" % number * rng.randint(1, 5000)
            answer = await connection.ask("POST", "/up/%d" % number, [("Content-Type", "text/plain")], body)
            must(answer.status == 200 and answer.body == body, "a POST that is passed on", answer.status, len(answer.body), len(body))
        else:
            answer = await connection.ask("GET", "/up/%d" % number)
            must(answer.status == 200 and answer.body == up_body(number), "a request that is passed on", answer.status, len(answer.body))


async def changing(soak, rng):
    """Of a file that is being written to: what was recorded, whole, or 502."""
    async with await connect(soak, rng) as connection:
        for _ in range(5):
            number = rng.randrange(CHANGING)
            answer = await connection.ask("GET", "/changing/%d" % number)
            soak.count("requests")
            soak.count("changing %d" % answer.status)
            if answer.status == 200:
                text, _, digest = answer.body.rpartition(b" ")
                must(text.startswith(b"%d " % number) and hashlib.sha256(text).hexdigest().encode() == digest, "a changing file is served torn", answer.body)
            else:
                must(answer.status == 502, "a changing file", answer.status, answer.body)


async def ends_badly(soak, rng):
    """Where a fault may hit, or none was answered, or the origin misbehaves: any end will do."""
    material = soak.material
    path = rng.choice([rng.choice(material.faulty).path, rng.choice(material.faulty).path, rng.choice(material.faulty).path,
                       "/none/%d" % rng.randrange(5), "/part/%d" % rng.randrange(5), "/bad/%d" % rng.randrange(300)])
    soak.count("ends badly")
    try:
        async with await connect(soak, rng) as connection:
            answer = await connection.ask("GET", path, limit=rng.choice((0.05, 0.5, 2)))
            soak.count("ended well in spite of it" if answer.status == 200 else "status %d" % answer.status)
    except ENDINGS as error:
        soak.count("ended with " + ("Broken" if isinstance(error, Broken) else type(error).__name__))


ACTIONS = [(pages, 10), (pipelined, 4), (heads_and_conditions, 4), (codings, 3), (streams, 5), (big, 1), (trailers, 2), (mocks, 3), (passed_on, 5),
           (changing, 3), (ends_badly, 12)]
