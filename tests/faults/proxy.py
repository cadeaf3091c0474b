# SPDX-License-Identifier: Apache-2.0
"""A network that misbehaves: a TCP proxy on loopback whose ways can be changed while it runs."""
import asyncio
import collections
import random
import socket
import struct
import threading

CHUNK = 1 << 16
RESET = struct.pack("ii", 1, 0)  # SO_LINGER without a wait: closing sends RST


class Proxy:
    """Set `latency` (seconds), `slice` (bytes a write), `rate` (bytes a second a direction), `black_hole`, and call reset()."""

    def __init__(self, seed):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.target = None
        self.random = random.Random(seed)
        self.calm()
        self.happened = collections.Counter()
        self.connections = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run)

    def calm(self):
        self.latency, self.slice, self.rate, self.black_hole = 0, 0, 0, False

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self.connection, sock=self.listener))
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.listener.close()
        self.loop.close()

    def reset(self, share):
        """Cuts each connection with that probability. Returns how many there were to be cut."""
        done = asyncio.run_coroutine_threadsafe(self.cut(share), self.loop)
        return done.result(10)

    async def cut(self, share):
        victims = [c for c in self.connections if self.random.random() < share]
        for writers in victims:
            for writer in writers:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                writer.transport.abort()
        self.happened["connections reset"] += len(victims)
        return len(victims)

    async def connection(self, reader, writer):
        self.happened["connections"] += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self.connections.add(pair)
        try:
            await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.connections.discard(pair)
            for end in pair:
                end.transport.abort()

    async def pump(self, reader, writer):
        while data := await reader.read(self.slice or CHUNK):
            if self.latency:
                self.happened["chunks delayed"] += 1
                await asyncio.sleep(self.latency)
            if self.rate:
                self.happened["bytes throttled"] += len(data)
                await asyncio.sleep(len(data) / self.rate)
            while self.black_hole:
                self.happened["chunks in the black hole"] += 1
                await asyncio.sleep(0.1)
            if self.slice:
                self.happened["bytes sent alone"] += len(data)
                await asyncio.sleep(0)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError("one side has closed")
