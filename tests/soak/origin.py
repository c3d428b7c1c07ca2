"""A small server that misses are passed on to: well-behaved below /up, and otherwise below /bad."""
import asyncio
import hashlib
import socket
import struct


def up_body(number):
    return hashlib.sha256(b"%d" % number).hexdigest().encode() * (number % 50 * 20 + 1)


def up_stream(number):
    return [b"id: %d\ndata: %d from the origin\n\n" % (n, number) for n in range(10)]


class Origin:
    def __init__(self):
        self.server = None
        self.answered = 0

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        method, target, _ = lines[0].split(" ")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        parts = target.split("?")[0].strip("/").split("/")
        number = int(parts[-1]) if parts[-1].isdigit() else 0
        self.answered += 1
        if parts[0] == "bad":
            await self.misbehave(number, writer)
            return False
        if parts[:2] == ["up", "sse"]:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in up_stream(number):
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
                await asyncio.sleep(0.01)
            writer.write(b"0\r\n\r\n")
            return True
        answer = body if method == "POST" else up_body(number)
        if method == "HEAD":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer))
            return True
        if number % 3 == 0:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
            return True
        if number % 3 == 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(answer), 999):
                piece = answer[at:at + 999]
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            writer.write(b"0\r\n\r\n")
            return True
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + answer)
        await writer.drain()
        return False

    async def misbehave(self, number, writer):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        kind = number % 8
        if kind == 0:
            writer.write(head + b"cut")
        elif kind == 1:
            writer.write(head + b"reset")
            await writer.drain()
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif kind == 2:
            writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n" * 10)
        elif kind == 3:
            writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-Flood: 1\r\n" * 20000 + b"\r\n")
        elif kind == 4:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")
        elif kind == 5:
            writer.write(head)  # more than anybody reads at once, for a client that may not read at all
            for _ in range(10):
                writer.write(b"z" * 10000)
                await writer.drain()
        elif kind == 6:
            await asyncio.sleep(0.3)  # and no answer
        else:
            writer.write(head)
            for _ in range(100):  # slower than anybody waits
                writer.write(b"drop ")
                await writer.drain()
                await asyncio.sleep(0.05)
        await writer.drain()
