"""Clients that make trouble for one server on this machine: `python3 clients.py slow 8000 --count 500 --seconds 20`.

Every trouble has a bound in clients and in time, and ends before it on SIGTERM, when somebody says `stop` at its control socket, or
when the server has gone. Prints how its requests ended as JSON.
"""
import argparse
import asyncio
import json
import os
import signal
from collections import Counter

HOST = "127.0.0.1"
# Another client than whoever looks on: servers that are fair go by addresses.
FROM = "127.0.0.2"
FIELDS = f"Host: {HOST}\r\nX-Trouble: wanted\r\n"
COUNT_MAX = 2000
SECONDS_MAX = 120
# Of those that connect at once: no more than any backlog holds.
BATCH = 50
# A server that refuses connections for so long has gone.
GONE_SECONDS = 2


class Clients:
    def __init__(self, port, count, seconds):
        self.port = port
        self.count = count
        self.seconds = seconds
        self.ends = Counter()
        self.refusals = 0

    async def connect(self):
        try:
            connected = await asyncio.open_connection(HOST, self.port, local_addr=(FROM, 0))
        except ConnectionRefusedError:
            self.refusals += 1
            raise
        except OSError:
            # Not every system has all of 127.0.0.0/8.
            connected = await asyncio.open_connection(HOST, self.port)
        self.refusals = 0
        return connected

    async def ask(self, path, method="GET"):
        """One request on a connection of its own."""
        reader, writer = await self.connect()
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\n{FIELDS}Connection: close\r\n\r\n".encode())
            line = await reader.readline()
            self.ends[line.split(b" ")[1].decode() if line else "closed"] += 1
        finally:
            writer.close()

    async def hang(self, _):
        await self.ask(f"/hang?seconds={self.seconds}")

    async def spin(self, _):
        await self.ask(f"/spin?seconds={self.seconds}")

    async def crash(self, number):
        await asyncio.sleep(number)
        await self.ask("/crash", "POST")

    async def slow(self, _):
        """Comes again when it is sent away."""
        while True:
            reader, writer = await self.connect()
            try:
                writer.write(b"GET /ping HTTP/1.1\r\nX-Slow: ")
                while not reader.at_eof():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(1)
                self.ends["sent away"] += 1
            finally:
                writer.close()
            await asyncio.sleep(1)

    async def flood(self, _):
        while True:
            reader, writer = await self.connect()
            try:
                while True:
                    writer.write(f"GET /hold HTTP/1.1\r\n{FIELDS}\r\n".encode())
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
                    await reader.readexactly(int(length.split(b":")[1]))
                    self.ends[head.split(b" ")[1].decode()] += 1
                    if b"connection: close" in head.lower():
                        break
            finally:
                writer.close()

    async def one(self, deed, number):
        """Whatever ends it is counted; those that keep coming come again."""
        again = deed in (self.slow, self.flood)
        while True:
            try:
                await deed(number)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.ends[type(error).__name__] += 1
            if not again:
                return
            await asyncio.sleep(0.2)

    async def run(self, deed, stopped):
        tasks = set()
        for number in range(self.count):
            tasks.add(asyncio.ensure_future(self.one(deed, number)))
            if number % BATCH == BATCH - 1:
                await asyncio.sleep(0.05)
        everybody = asyncio.gather(*tasks)
        watching = asyncio.ensure_future(self.gone())
        ending = asyncio.ensure_future(stopped.wait())
        done = [everybody, watching, ending]
        await asyncio.wait(done, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in [*tasks, *done]:
            task.cancel()
        await asyncio.gather(*tasks, *done, return_exceptions=True)

    async def gone(self):
        """Returns when the server has refused everybody for a while."""
        since = 0.0
        while since < GONE_SECONDS:
            before = self.refusals
            await asyncio.sleep(0.25)
            since = since + 0.25 if self.refusals > before else 0.0


async def listen(path, stopped):
    """The control socket; None when such clients are there already."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
        writer.close()
        return None
    except OSError:
        pass

    async def told(reader, writer):
        if await reader.read(16) == b"stop":
            stopped.set()
        writer.close()

    if os.path.exists(path):
        os.unlink(path)
    return await asyncio.start_unix_server(told, path)


async def main():
    parser = argparse.ArgumentParser(description="Clients that make trouble for a server on this machine.")
    parser.add_argument("trouble", choices=["hang", "hang-all", "spin", "crash", "slow", "flood"])
    parser.add_argument("port", type=int)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--control", default="")
    given = parser.parse_args()
    clients = Clients(given.port, min(given.count, COUNT_MAX), min(given.seconds, SECONDS_MAX))
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    server = None
    if given.control:
        server = await listen(given.control, stopped)
        if server is None:
            return
    try:
        deed = getattr(clients, "hang" if given.trouble == "hang-all" else given.trouble)
        await clients.run(deed, stopped)
        print(json.dumps(clients.ends))
    finally:
        if server is not None:
            server.close()
            os.unlink(given.control)


asyncio.run(main())
