# SPDX-License-Identifier: Apache-2.0
"""A byte proxy in front of PostgreSQL that reads the client's messages and cuts the connection around one with COMMIT."""
import os
import selectors
import socket
import struct
import threading
import time

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
COMMIT = b"; COMMIT\0"  # how the message ends that moves the offsets

# Where a connection is cut. LATE: the message is still on its way while the client connects again.
BEFORE, INSIDE, AFTER, LATE, REPLY = CUTS = "before", "inside", "after", "late", "reply"
# By turns so that the message arrives before the client's next connection looks, and after it has looked or even stored.
DELAYS = (0, 0.01), (0.1, 0.4)


class Cut(Exception):
    pass


class CommitProxy:
    """Listens on a loopback port. `plan` holds (number of COMMITs to let pass, where to cut the next) for connections to
    come; when it is used up all passes. `fired` counts the cuts that were made."""

    def __init__(self, server, plan, rng, only=b""):
        self.server = server  # path of the server's Unix socket
        self.plan = list(plan)
        self.rng = rng
        self.only = only  # a part of the messages that count
        self.fired = dict.fromkeys(CUTS, 0)
        self.late_answers = []
        self.failures = []
        self.threads = []
        self.open = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.acceptor.join(10)
        for thread in self.threads:
            thread.join(10)
        for peer in list(self.open):
            close(peer)
        print(f"cut: {self.fired}; answers to late COMMITs: {self.late_answers}")
        assert not self.failures, self.failures
        assert not any(thread.is_alive() for thread in [self.acceptor, *self.threads])

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.serve, args=[client])
            self.threads.append(thread)
            thread.start()

    def serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        self.open |= {client, server}
        try:
            server.connect(self.server)
            Session(self, client, server).run()
        except (Cut, OSError):
            pass
        except Exception as failure:  # pylint: disable=broad-except  # told by __exit__
            self.failures.append(failure)
        finally:
            self.open -= {client, server}
            close(client)
            close(server)


class Session:
    """One connection."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.cut = None
        self.commits_to_pass = 0

    def run(self):
        self.start_up()
        waiting = selectors.DefaultSelector()
        waiting.register(self.client, selectors.EVENT_READ)
        waiting.register(self.server, selectors.EVENT_READ)
        self.pending = b""
        while True:
            for key, _ in waiting.select():
                data = key.fileobj.recv(1 << 16)
                if not data:
                    return
                if key.fileobj is self.server:
                    self.client.sendall(data)
                else:
                    self.from_client(data)

    def start_up(self):
        """The messages before the first with a type byte; nothing of them is cut, so that the plan is for sinks at work."""
        while True:
            head = exactly(self.client, 4)
            rest = exactly(self.client, struct.unpack("!i", head)[0] - 4)
            if head + rest != SSL_REQUEST:
                break
            self.client.sendall(b"N")
        self.server.sendall(head + rest)

    def from_client(self, data):
        """Passes whole messages on, one by one."""
        self.pending += data
        whole = 0
        while len(self.pending) >= whole + 5:
            end = whole + 1 + struct.unpack_from("!i", self.pending, whole + 1)[0]
            if len(self.pending) < end:
                break
            if self.pending[whole:whole + 1] == b"Q" and self.pending.endswith(COMMIT, whole, end) \
                    and self.proxy.only in self.pending[whole:end]:
                self.server.sendall(self.pending[:whole])
                self.pending, message = self.pending[end:], self.pending[whole:end]
                whole = 0
                self.commit(message)
            else:
                whole = end
        self.server.sendall(self.pending[:whole])
        self.pending = self.pending[whole:]

    def commit(self, message):
        if self.cut is None and self.proxy.plan:
            self.commits_to_pass, self.cut = self.proxy.plan.pop(0)
        if self.cut is None or self.commits_to_pass > 0:
            self.commits_to_pass -= 1
            self.server.sendall(message)
            return
        rng = self.proxy.rng
        if self.cut == INSIDE:
            self.server.sendall(message[:rng.randint(1, len(message) - 1)])
        elif self.cut == AFTER:
            self.server.sendall(message)
        elif self.cut == LATE:
            close(self.client, reset=rng.random() < 0.5)
            time.sleep(rng.uniform(*DELAYS[len(self.proxy.late_answers) % 2]))
            self.server.sendall(message)
            self.proxy.late_answers.append(self.outcome(self.reply()))
        elif self.cut == REPLY:
            self.server.sendall(message)
            reply = self.reply()
            assert self.outcome(reply) == "COMMIT", reply
            self.client.sendall(reply[:rng.randint(0, len(reply) - 1)])
        # Counted before the client can know: who sees the pipeline go on finds the count complete.
        self.proxy.fired[self.cut] += 1
        close(self.client, reset=rng.random() < 0.5)
        raise Cut

    def reply(self):
        """All that the server answers, up to ReadyForQuery."""
        reply = b""
        while True:
            head = exactly(self.server, 5)
            body = exactly(self.server, struct.unpack("!i", head[1:])[0] - 4)
            reply += head + body
            if head[:1] == b"Z":
                return reply

    @staticmethod
    def outcome(reply):
        return "COMMIT" if b"COMMIT\0" in reply else "refused"


def exactly(peer, size):
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        if not more:
            raise Cut
        data += more
    return data


def close(peer, reset=False):
    """With `reset` the other side gets an error, without it a clean end."""
    try:
        if reset:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            peer.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already
    peer.close()


def socket_of(environment=os.environ):
    return f"{environment['PGHOST']}/.s.PGSQL.{environment['PGPORT']}"
