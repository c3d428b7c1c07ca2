"""Clients that do not mean well. What they get does not matter, but for what must be refused; the others must not notice."""
import asyncio
import os
import pathlib
import socket
import ssl
import struct
import sys

from good_clients import must
from http_client import ENDINGS, LIMIT, Broken, Connection
from material import HOST

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from streamserve_hostile import REFUSED  # noqa: E402  (the requests that two readers could read as different ones)


async def raw(soak, buffer=None):
    """A socket of our own, whose buffer may be small."""
    made = socket.socket()
    try:
        if buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.setblocking(False)
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", soak.port)), LIMIT)
        return made
    except BaseException:
        made.close()
        raise


def vanish(made, rng):
    """Closed, or reset."""
    if rng.random() < 0.5:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    made.close()


async def smuggles(soak, rng):
    data, status = rng.choice([each for each in REFUSED if len(each[0]) < 200000])
    try:
        async with await Connection.open(soak.port, HOST) as connection:
            connection.writer.write(data)
            answer = await connection.answer()
            must(answer.status == status, "smuggling", data[:200], "gets", answer.status)
            soak.count("smuggling refused")
            async with asyncio.timeout(LIMIT):
                must(not await connection.reader.read(1), "there is an answer behind a refusal", data[:200])
    except (ConnectionResetError, BrokenPipeError):  # what it still sends may meet a connection that is closed
        soak.count("smuggling reset")


async def floods(soak, rng):
    kind = rng.randrange(4)
    flood = (b"X-Flood: 1\r\n" * 300, b"X-Flood: " + b"x" * 70000 + b"\r\n", b"X-%s: y\r\n" % (b"f" * 60000), b"Cookie: " + b"a=b; " * 15000 + b"\r\n")[kind]
    try:
        async with await Connection.open(soak.port, HOST) as connection:
            connection.writer.write(b"GET /page/1 HTTP/1.1\r\nHost: h\r\n" + flood + b"\r\n")
            answer = await connection.answer()
            must(answer.status == 431 or (kind == 2 and answer.status == 200), "a flood of fields gets", answer.status)
            soak.count("floods refused")
    except (ConnectionResetError, BrokenPipeError):
        soak.count("floods reset")


async def garbage(soak, rng):
    made = await raw(soak)
    try:
        loop = asyncio.get_running_loop()
        data = rng.choice((os.urandom(rng.randrange(1, 5000)), b"\x16\x03\x01\x02\x00\x01\x00" + os.urandom(500), b"\r\n" * 3000, b"GET " + b"/" * 40000,
                           b"POST /post/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + b"x" * rng.randrange(100000), b"\0" * 100))
        await asyncio.wait_for(loop.sock_sendall(made, data), 5)
        if rng.random() < 0.5:
            await asyncio.wait_for(loop.sock_recv(made, 65536), 0.5)
    except (OSError, asyncio.TimeoutError):
        pass
    finally:
        vanish(made, rng)
        soak.count("garbage")


async def half_open(soak, rng):
    """A part of a request, and then silence for a while; sometimes until the server has had enough."""
    made = await raw(soak)
    try:
        loop = asyncio.get_running_loop()
        begin = rng.choice((b"", b"GET /pa", b"GET /page/1 HTTP/1.1\r\nHost: h\r\n", b"POST /post/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
                            b"CONNECT %s:443 HTTP/1.1\r\nHost: h\r\n\r\n" % HOST.encode(), b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"))
        await asyncio.wait_for(loop.sock_sendall(made, begin), 5)
        if rng.random() < 0.3:
            made.shutdown(socket.SHUT_WR)
        await asyncio.sleep(rng.choice((0.01, 0.5, 2, 12)))
    except (OSError, asyncio.TimeoutError):
        pass
    finally:
        vanish(made, rng)
        soak.count("half-open")


async def reads_slowly(soak, rng):
    """Or not at all: the server holds a few bytes for it, and lets it go when nothing moves."""
    made = await raw(soak, 4096)
    try:
        loop = asyncio.get_running_loop()
        path = rng.choice((b"/big", b"/big", b"/sse/1", b"/f/page/1", b"/bad/5"))
        await asyncio.wait_for(loop.sock_sendall(made, b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path * rng.choice((1, 1, 50))), 5)
        for _ in range(rng.choice((0, 5, 30))):
            await asyncio.wait_for(loop.sock_recv(made, 1000), 1)
            await asyncio.sleep(0.05)
        await asyncio.sleep(rng.choice((0.1, 1, 12)))
    except (OSError, asyncio.TimeoutError):
        pass
    finally:
        vanish(made, rng)
        soak.count("slow readers")


async def sends_slowly(soak, rng):
    """Byte by byte, but fast enough to be answered; or leaves in the middle."""
    page = rng.choice([each for each in soak.material.posts if len(each.sent) < 300])
    data = b"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s" % (page.path.encode(), HOST.encode(), len(page.sent), page.sent.encode())
    async with await Connection.open(soak.port, HOST) as connection:
        stop = rng.randrange(len(data)) if rng.random() < 0.5 else None
        for at in range(0, len(data), 3):
            if stop is not None and at >= stop:
                return connection.abort()
            connection.writer.write(data[at:at + 3])
            await asyncio.sleep(0.001)
        answer = await connection.answer()
        must(answer.status == 200 and answer.body == page.body, "a slow request gets", answer.status)
        soak.count("slow senders")


async def misuses_tls(soak, rng):
    """Names nobody has heard of, handshakes that are not finished, garbage and ends within TLS."""
    kind = rng.randrange(6)
    soak.count("odd TLS")
    try:
        name = rng.choice(("a%d.example" % rng.randrange(5000), "x" * 63 + ".example", "127.0.0.1", "b\u00fc.example".encode("idna").decode()))
        if kind == 0:  # any name has a certificate
            async with await Connection.open(soak.port, name, tunnel=name + ":443", tls=soak.tls) as connection:
                answer = await connection.ask("GET", "/mock/nothing", limit=2)
                soak.count("TLS for another name, %d" % answer.status)
            return
        connection = await Connection.open(soak.port, HOST, tunnel=name + ":443", tls=soak.tls if kind > 3 else None)
        try:
            if kind == 1:  # half of a greeting
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                half = soak.tls.wrap_bio(incoming, outgoing, server_hostname=HOST)
                try:
                    half.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                hello = outgoing.read()
                connection.writer.write(hello[:rng.randrange(1, len(hello) + 1)])
                await asyncio.sleep(rng.choice((0, 0.05)))
            elif kind == 2:
                connection.writer.write(b"\x16\x03\x01" + os.urandom(100))
            elif kind == 3:
                connection.writer.write(os.urandom(100))
            else:
                connection.writer.write(rng.choice((b"GET /page/1 HT", os.urandom(200), b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")))
                await asyncio.sleep(rng.choice((0, 0.05)))
        finally:
            if rng.random() < 0.5:
                connection.abort()
            else:
                await connection.close()
    except ENDINGS as error:
        soak.count("odd TLS ended with " + ("Broken" if isinstance(error, Broken) else type(error).__name__))


ACTIONS = [(smuggles, 5), (floods, 2), (garbage, 5), (half_open, 6), (reads_slowly, 4), (sends_slowly, 2), (misuses_tls, 5)]
