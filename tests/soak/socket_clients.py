"""WebSocket clients: those that say their part, those that say another, leave, or break the protocol."""
import asyncio
import base64
import json
import os
import socket
import struct
import zlib

import websockets

from good_clients import must
from http_client import ENDINGS, LIMIT, Connection
from material import HOST

ENDED = (*ENDINGS, websockets.WebSocketException, EOFError)
MAX_MESSAGE = 1 << 20  # as the server is told


async def open_socket(soak, rng, path, **more):
    more = {"open_timeout": LIMIT, "close_timeout": 20, "max_size": None, "subprotocols": ["soak.v0", "soak.v1"], "ping_interval": None,
            "compression": rng.choice((None, "deflate")), "origin": rng.choice((None, "https://page.example")), **more}
    way = rng.choices(("plain", "tunnel", "tls"), (3, 1, 1))[0]
    soak.count("sockets, " + way)
    if way == "plain":
        return await websockets.connect("ws://127.0.0.1:%d%s" % (soak.port, path), **more)
    loop = asyncio.get_running_loop()
    port = 80 if way == "tunnel" else 443
    raw = socket.socket()
    try:
        raw.setblocking(False)
        async with asyncio.timeout(LIMIT):
            await loop.sock_connect(raw, ("127.0.0.1", soak.port))
            await loop.sock_sendall(raw, b"CONNECT %s:%d HTTP/1.1\r\nHost: %s\r\n\r\n" % (HOST.encode(), port, HOST.encode()))
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                piece = await loop.sock_recv(raw, 1)
                must(piece, "a tunnel ended", head)
                head += piece
        if way == "tunnel":
            return await websockets.connect("ws://%s%s" % (HOST, path), sock=raw, **more)
        return await websockets.connect("wss://%s%s" % (HOST, path), sock=raw, ssl=soak.tls, server_hostname=HOST, **more)
    except BaseException:
        raw.close()
        raise


async def end(connection):
    """However it ends: what mattered has been looked at."""
    try:
        await asyncio.wait_for(connection.close(), 30)
    except ENDED:
        connection.transport.abort()


async def hear(connection):
    return await asyncio.wait_for(connection.recv(), LIMIT)


async def talks(soak, rng):
    conversation = rng.choice(soak.material.sockets)
    connection = await open_socket(soak, rng, conversation.path)
    try:
        must(connection.subprotocol == "soak.v1", "subprotocol", connection.subprotocol)
        for text in conversation.greeting:
            must(await hear(connection) == text, conversation.path, "greets otherwise")
        for turn, (said, heard) in enumerate(conversation.rounds):
            await connection.send(said if rng.random() < 0.5 else json.dumps(dict(reversed(json.loads(said).items()))))
            for text in heard:
                got = await hear(connection)
                must(got == text, conversation.path, "turn", turn, "expected", text, "heard", got)
            soak.count("messages", 1 + len(heard))
        try:
            must(False, "more than was recorded:", await hear(connection))
        except websockets.ConnectionClosed:
            must((connection.close_code, connection.close_reason) == (conversation.code, conversation.reason), conversation.path, connection.close_code,
                 connection.close_reason)
        soak.count("conversations")
    finally:
        await end(connection)


async def mocked(soak, rng):
    connection = await open_socket(soak, rng, "/mockws/%d" % rng.randrange(100), subprotocols=None)
    try:
        must(await hear(connection) == "welcome", "no welcome")
        must("generation" in json.loads(await hear(connection)), "no second message")
        for _ in range(rng.randint(1, 6)):
            kind, number = rng.randrange(4), rng.randrange(1000)
            await connection.send(('{"op": "ping"}', "count %d" % number, "the file", "nothing that is known")[kind])
            if kind == 0:
                must(json.loads(await hear(connection)) == {"op": "pong"}, "no pong")
            if kind == 1:
                must([await hear(connection), await hear(connection)] == ["counted %d" % number] * 2, "not counted")
            if kind == 2:
                must(await hear(connection) == soak.material.pages[3].body, "another file")
            soak.count("messages")
        if rng.random() < 0.2:
            return connection.transport.abort()
        await connection.send("bye")
        must(await hear(connection) == "farewell", "no farewell")
        await connection.wait_closed()
        must(connection.close_code == 4001, "closed with", connection.close_code)
        soak.count("mocked conversations")
    finally:
        await end(connection)


async def deviates(soak, rng):
    """Says something else, too much, too little, leaves; also where faults hit."""
    conversation = rng.choice([*soak.material.sockets, *soak.material.faulty_sockets])
    soak.count("deviating conversations")
    try:
        connection = await open_socket(soak, rng, conversation.path)
        try:
            for said, _ in conversation.rounds:
                what = rng.randrange(6)
                if what == 0:
                    await connection.send("something else")
                elif what == 1:
                    await connection.send(os.urandom(rng.choice((1, 1000, 100000))))
                elif what == 2:
                    await connection.ping(os.urandom(rng.randrange(126)))
                elif what == 3:
                    for _ in range(rng.choice((3, 300))):
                        await connection.send(said)
                else:
                    await connection.send(said)
                if rng.random() < 0.5:
                    await asyncio.wait_for(connection.recv(), 0.5)
                if rng.random() < 0.1:
                    return connection.transport.abort()
                if rng.random() < 0.1:
                    return await connection.close(rng.choice((1000, 1001, 3000, 4999)), "enough")
            await asyncio.wait_for(connection.wait_closed(), rng.choice((0.1, 2)))
        finally:
            if rng.random() < 0.5:
                connection.transport.abort()
            await end(connection)
    except ENDED:
        soak.count("deviating conversations that broke off")


def frame(opcode, data=b"", fin=True, rsv=0, masked=True, size=None):
    size = len(data) if size is None else size
    out = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    mask = 0x80 if masked else 0
    out += bytes([mask | size]) if size < 126 else bytes([mask | 126]) + struct.pack(">H", size) if size < 65536 else bytes([mask | 127]) + struct.pack(">Q", size)
    key = os.urandom(4)
    return out + (key + bytes(byte ^ key[at % 4] for at, byte in enumerate(data)) if masked else data)


def bomb(size):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(b"\0" * size) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


BOMB = bomb(64 << 20)

# What is sent, and the code of the close that must come of it.
BROKEN_FRAMES = [
    (frame(3, b"x"), 1002), (frame(11), 1002), (frame(1, b"x", rsv=2), 1002), (frame(1, b"x", masked=False), 1002), (frame(9, b"x", fin=False), 1002),
    (frame(9, b"x" * 126), 1002), (frame(0, b"x"), 1002), (frame(1, b"a", fin=False) + frame(1, b"b"), 1002), (frame(8, b"x"), 1002),
    (frame(8, struct.pack(">H", 1005)), 1002), (frame(1, b"\xff\xfe"), 1007), (frame(1, b"a\xc3", fin=False) + frame(0, b"("), 1007),
    (frame(8, struct.pack(">H", 1000) + b"\xff"), 1007), (frame(2, b"", size=1 << 40), 1009), (frame(2, b"", size=MAX_MESSAGE + 1), 1009),
    (frame(1, BOMB, rsv=4), 1009), (frame(1, b"\xff" * 50, rsv=4), 1007), (frame(2, b"", size=1 << 63), 1002),
]


async def breaks_the_protocol(soak, rng):
    data, code = rng.choice(BROKEN_FRAMES)
    compressed = data[0] & 0x40
    path = rng.choice([each for each in soak.material.sockets if each.deflate or not compressed]).path
    soak.count("broken frames")
    fields = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
              ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode()), ("Sec-WebSocket-Protocol", "soak.v1")]
    if compressed:
        fields.append(("Sec-WebSocket-Extensions", "permessage-deflate"))
    async with await Connection.open(soak.port, HOST) as connection:
        connection.send("GET", path, fields)
        if rng.random() < 0.2:  # not even waiting for the handshake
            connection.writer.write(data)
            data = b""
        answer = await connection.answer()
        must(answer.status == 101, path, answer.status)
        for at in range(0, len(data), 50000):
            connection.writer.write(data[at:at + 50000])
        got = None
        async with asyncio.timeout(LIMIT):
            while got is None:
                first, second = await connection.reader.readexactly(2)
                must(not second & 0x80, "a masked frame")
                size = second & 0x7F
                if size > 125:
                    size = int.from_bytes(await connection.reader.readexactly(2 if size == 126 else 8), "big")
                body = await connection.reader.readexactly(size)
                if first & 15 == 8:
                    got = int.from_bytes(body[:2], "big")
        must(got == code, "broken frame", data[:10], "is closed with", got, "and not", code)


ACTIONS = [(talks, 6), (mocked, 3), (deviates, 6), (breaks_the_protocol, 3)]
