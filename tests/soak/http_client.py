"""A strict HTTP/1.1 client that says exactly what came: over plain connections, tunnels, and TLS in tunnels."""
import asyncio
import dataclasses
import ssl

LIMIT = 60  # seconds for what takes a moment; sanitizers and busy machines are slow


class Broken(Exception):
    """The answer is not HTTP, or ended in the middle."""


@dataclasses.dataclass
class Answer:
    status: int
    fields: list
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)

    def header(self, name):
        return next((value for field, value in self.fields if field == name.lower()), None)


class Connection:
    def __init__(self, reader, writer, host):
        self.reader, self.writer, self.host, self.prefix = reader, writer, host, ""

    @staticmethod
    async def open(port, host, tunnel=None, tls=None, limit=2 ** 16):
        """`tunnel`: the target of a CONNECT; `tls`: a context, for what is in it; the name is that of `host`."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port, limit=limit), LIMIT)
        connection = Connection(reader, writer, host)
        try:
            if tunnel:
                writer.write(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (tunnel.encode(), tunnel.encode()))
                answer = await connection.head()
                if answer.status != 200:
                    raise Broken("CONNECT %s: %d" % (tunnel, answer.status))
            if tls:
                await writer.start_tls(tls, server_hostname=host, ssl_handshake_timeout=LIMIT)
        except BaseException:
            connection.abort()
            raise
        return connection

    def send(self, method, target, fields=(), body=None, chunked=False):
        lines = ["%s %s HTTP/1.1" % (method, self.prefix + target), "Host: " + self.host, *("%s: %s" % field for field in fields)]
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        elif body is not None:
            lines.append("Content-Length: %d" % len(body))
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        if chunked:
            body = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 7]), body[at:at + 7]) for at in range(0, len(body), 7)) + b"0\r\n\r\n"
        self.writer.write(head + (body or b""))

    async def line(self):
        line = await self.reader.readuntil(b"\r\n")
        if b"\r" in line[:-2] or b"\n" in line[:-2] or b"\0" in line:
            raise Broken("a line with a control character: %r" % line)
        return line[:-2].decode("latin-1")

    async def fields(self):
        fields = []
        while True:
            line = await self.line()
            if not line:
                return fields
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Broken("a field that is none: %r" % line)
            fields.append((name.lower(), value.strip()))

    async def head(self):
        while True:
            line = await self.line()
            if not line.startswith("HTTP/1.1 ") or not line[9:12].isdigit():
                raise Broken("no status line: %r" % line)
            answer = Answer(int(line[9:12]), await self.fields())
            if answer.status == 101 or answer.status >= 200:
                return answer

    async def body(self, method, answer):
        if method == "HEAD" or answer.status in (101, 204, 304):
            return answer
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            pieces = []
            while True:
                text = (await self.line()).split(";")[0]
                if not text or set(text.lower()) - set("0123456789abcdef"):
                    raise Broken("no chunk size: %r" % text)
                size = int(text, 16)
                if size == 0:
                    break
                pieces.append(await self.reader.readexactly(size))
                if await self.reader.readexactly(2) != b"\r\n":
                    raise Broken("a chunk that is longer than its size")
            answer.body = b"".join(pieces)
            answer.trailers = await self.fields()
        elif answer.header("content-length") is not None:
            answer.body = await self.reader.readexactly(int(answer.header("content-length")))
        else:
            answer.body = await self.reader.read(-1)
        return answer

    async def answer(self, method="GET", limit=LIMIT):
        async with asyncio.timeout(limit):
            try:
                return await self.body(method, await self.head())
            except asyncio.IncompleteReadError as error:
                raise Broken("the answer ended early, behind %r" % error.partial[-100:]) from error
            except asyncio.LimitOverrunError as error:
                raise Broken("a line without an end") from error

    async def ask(self, method, target, fields=(), body=None, limit=LIMIT, chunked=False):
        self.send(method, target, fields, body, chunked)
        return await self.answer(method, limit)

    def abort(self):
        if self.writer.transport is not None:
            self.writer.transport.abort()

    async def close(self):
        self.writer.close()
        try:
            await asyncio.wait_for(self.writer.wait_closed(), 5)
        except (OSError, ssl.SSLError, asyncio.TimeoutError):
            self.abort()

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, *_):
        if kind:
            self.abort()
        else:
            await self.close()


# What a connection that goes wrong, or is made to, may end with.
ENDINGS = (Broken, OSError, ssl.SSLError, asyncio.TimeoutError, EOFError)
