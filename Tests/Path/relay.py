"""Bad networks on loopback: datagrams that are lost, out of order or there twice, by rules that repeat themselves."""

import contextlib
import random
import re
import selectors
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

#: What becomes of datagram n, which comes so many seconds after the first: for each of its copies, behind how many
#: further datagrams it goes.
Rule = Callable[[int, float], tuple[int, ...]]
PASSED: tuple[int, ...] = (0,)


def whole(n: int, seconds: float) -> tuple[int, ...]:
    return PASSED


def lossy(share: float, seed: int) -> Rule:
    dice = random.Random(seed)
    return lambda n, seconds: () if dice.random() < share else PASSED


def bursty(begin: float, length: float) -> Rule:
    return lambda n, seconds: () if begin <= seconds < begin + length else PASSED


def shuffled(share: float, seed: int) -> Rule:
    dice = random.Random(seed)
    return lambda n, seconds: (dice.randint(1, 3),) if dice.random() < share else PASSED


def repeated(share: float, seed: int) -> Rule:
    dice = random.Random(seed)
    return lambda n, seconds: (0, dice.randint(0, 2)) if dice.random() < share else PASSED


class Crossing:
    """Datagrams on their way, under a rule; counts what became of them."""

    def __init__(self, rule: Rule):
        self.rule = rule
        self.count = self.lost = 0
        self._first: float | None = None
        self._held: list[tuple[int, bytes]] = []

    def pass_on(self, datagram: bytes) -> list[bytes]:
        """What comes out when this goes in."""
        now = time.monotonic()
        self._first = self._first or now
        copies = self.rule(self.count, now - self._first)
        self.lost += not copies
        for behind in copies:
            self._held.append((self.count + behind, datagram))
        due = [each for at, each in self._held if at <= self.count]
        self._held = [(at, each) for at, each in self._held if at > self.count]
        self.count += 1
        return due


@contextlib.contextmanager
def receiving(ports: list[int], take: Callable[[int, bytes], None]):
    """Gives all that comes to the ports to `take`, with the number of its port in the list."""
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as ready:
        for n, port in enumerate(ports):
            door = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            door.bind(("127.0.0.1", port))
            ready.register(door, selectors.EVENT_READ, n)
        is_over = threading.Event()

        def work():
            while not is_over.is_set():
                for key, _ in ready.select(0.1):
                    take(key.data, key.fileobj.recv(1 << 16))

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            yield
        finally:
            is_over.set()
            worker.join()


@contextlib.contextmanager
def relaying(source: int, target: int, rule: Rule):
    """From one UDP port to another; gives the crossing between them."""
    crossing = Crossing(rule)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:

        def take(_: int, datagram: bytes):
            for each in crossing.pass_on(datagram):
                with contextlib.suppress(OSError):  # of the datagram before: nobody listens just now
                    out.sendto(each, ("127.0.0.1", target))

        with receiving([source], take):
            yield crossing


class Reports:
    """Passes RTP of picture and sound on, with their RTCP, and hears what the sender says of its clock."""

    RATES = (90_000, 48_000)
    SENDER_REPORT = 200

    def __init__(self, target: int):
        self.target = target
        self._firsts: dict[int, int] = {}
        self._reports: dict[int, tuple[float, int]] = {}

    @contextlib.contextmanager
    def between(self, source: int):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:

            def take(n: int, packet: bytes):
                self._hear(n // 2, packet)
                with contextlib.suppress(OSError):  # of the packet before: nobody listens just now
                    out.sendto(packet, ("127.0.0.1", self.target + n))

            with receiving(list(range(source, source + 4)), take):
                yield

    def _hear(self, track: int, packet: bytes):
        if packet[1] == self.SENDER_REPORT:
            seconds, fraction, stamp = struct.unpack(">III", packet[8:20])
            self._reports.setdefault(track, (seconds + fraction / 2**32, stamp))
        else:
            self._firsts.setdefault(track, struct.unpack(">I", packet[4:8])[0])

    def began(self, track: int) -> float:
        """When the first packet was presented, by the sender's clock; in seconds since 1900."""
        seconds, stamp = self._reports[track]
        behind = (stamp - self._firsts[track] + 2**31) % 2**32 - 2**31
        return seconds - behind / self.RATES[track]


class Camera:
    """An RTSP server of what comes to four UDP ports, RTP and RTCP of picture and sound, for callers that come late.

    They get it over UDP, the RTP of each track over a crossing of its own, RTCP undisturbed.
    """

    def __init__(self, description: Path, rules: tuple[Rule, Rule]):
        self.description = description
        self.crossings = [Crossing(rule) for rule in rules]
        #: When a sender's report went to a caller, by track.
        self.reports: list[list[float]] = [[], []]
        self._doors: list[socket.socket] = []
        #: The caller's port for each of ours, as it asks for them; nothing goes there before it says so.
        self._asked: dict[int, int] = {}
        self._targets: dict[int, int] = {}

    @contextlib.contextmanager
    def open(self):
        with contextlib.ExitStack() as stack:
            for _ in range(4):
                door = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                door.bind(("127.0.0.1", 0))
                self._doors.append(door)
            yield

    def take(self, n: int, packet: bytes):
        if n not in self._targets:
            return
        if n % 2:
            self.reports[n // 2].append(time.monotonic())
        for each in [packet] if n % 2 else self.crossings[n // 2].pass_on(packet):
            with contextlib.suppress(OSError):
                self._doors[n].sendto(each, ("127.0.0.1", self._targets[n]))

    def _body(self) -> str:
        """The sender's description, with a name for each track and without its ports."""
        names = iter(range(2))
        lines = re.sub(r"(?m)^(m=\w+) \d+", r"\1 0", self.description.read_text().split("SDP:\n")[-1]).splitlines()
        return "".join(
            f"{line}\r\n" + (f"a=control:track{next(names)}\r\n" if line.startswith("a=rtpmap") else "")
            for line in lines if line)

    def answer(self, request: str) -> str:
        method, url = request.split()[:2]
        number = re.search(r"(?im)^CSeq: *(\d+)", request)[1]
        head, body = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nSession: 7\r\n", ""
        if method == "OPTIONS":
            head += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = self._body()
            head += f"Content-Type: application/sdp\r\nContent-Base: {url}/\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            n = 2 * int(url[-1])
            theirs = [int(port) for port in re.search(r"client_port=(\d+)-(\d+)", request).groups()]
            self._asked |= dict(zip((n, n + 1), theirs))
            ours = [door.getsockname()[1] for door in self._doors[n : n + 2]]
            ports = f"client_port={theirs[0]}-{theirs[1]};server_port={ours[0]}-{ours[1]}"
            head += f"Transport: RTP/AVP/UDP;unicast;{ports}\r\n"
        elif method == "PLAY":
            self._targets = dict(self._asked)
        return f"{head}\r\n{body}"


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        request = ""
        with contextlib.suppress(OSError):
            for line in self.rfile:
                request += line.decode()
                if line == b"\r\n":
                    self.wfile.write(self.server.camera.answer(request).encode())
                    request = ""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextlib.contextmanager
def camera(ports: int, description: Path, rules: tuple[Rule, Rule] = (whole, whole)):
    """A camera fed by what comes to the four UDP ports from this one on; gives it and its address."""
    one = Camera(description, rules)
    server = _Server(("127.0.0.1", 0), _Conversation)
    with one.open(), receiving(list(range(ports, ports + 4)), one.take), server:
        server.camera = one
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield one, f"rtsp://127.0.0.1:{server.server_address[1]}/cam"
        server.shutdown()
