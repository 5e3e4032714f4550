"""Runs the daemon: a configuration in a folder, a service manager that listens, readers of both sockets."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pyarrow as pa

#: Until a daemon with a small model is ready, and until one that was told to stop has stopped.
PATIENCE = 10
CRASHES = ("Fatal error", "Swift runtime failure", "Sanitizer", "stack smashing", "Crash:")
#: Short waits, so that faults are over within a test.
QUICK = {
    "model": "builtin",
    "window": "1s",
    "hop": "500ms",
    "live": {"stall": "2s", "open": "2s", "first_retry": "100ms", "longest_retry": "500ms"},
}
Metrics = dict[tuple[str, tuple[tuple[str, str], ...]], float]
#: Windows that became no record, by reason.
NONE_DROPPED = {"overload": 0, "failed": 0, "refused": 0, "stopped": 0}


class Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float = PATIENCE):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def until(what, within: float = PATIENCE, every: float = 0.05):
    """Waits until `what()` gives something true, and gives it; fails with its name otherwise."""
    deadline = time.monotonic() + within
    while True:
        if given := what():
            return given
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {within} s: {getattr(what, '__name__', what)}")
        time.sleep(every)


def merged(base: dict, extra: dict) -> dict:
    both = base | extra
    for key in base.keys() & extra.keys():
        if isinstance(base[key], dict) and isinstance(extra[key], dict):
            both[key] = merged(base[key], extra[key])
    return both


def yaml(settings: dict, indent: str = "") -> str:
    """Settings as the configuration file writes them."""
    text = ""
    for key, value in settings.items():
        if isinstance(value, dict):
            text += f"{indent}{key}:\n{yaml(value, indent + '  ')}" if value else f"{indent}{key}: {{}}\n"
        else:
            text += f"{indent}{key}: {value if isinstance(value, (int, bool)) else json.dumps(str(value))}\n".replace(
                "True", "true").replace("False", "false")
    return text


class Manager:
    """Stands for the service manager: keeps all that it is told, with the moment when it came."""

    def __init__(self, path: Path):
        self.path = path
        self.told: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while words := self._socket.recv(4096):
                self.told.append((time.monotonic(), words.decode()))

    def times(self, word: str) -> list[float]:
        """When it was told this line, such as READY=1."""
        return [moment for moment, words in list(self.told) if word in words.split("\n")]

    def close(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))  # ends the listening
        self._listener.join(timeout=1)
        self._socket.close()


class Daemon:
    """A daemon in a folder of its own; it can be started again after it ended."""

    def __init__(self, tandem, folder: Path, sources: dict, settings: dict):
        self.tandem = tandem
        self.folder = folder
        self.sources = sources
        self.settings = settings
        self.state = Path(settings.get("state", folder / "state"))
        self.records_socket, self.http_socket = folder / "r.sock", folder / "h.sock"
        self.log_path = folder / "log"
        self.config = folder / "tandem.yaml"
        self.process: subprocess.Popen | None = None
        self.manager: Manager | None = None
        self.write_config()

    def write_config(self, sources: dict | None = None):
        if sources is not None:
            self.sources = sources
        places = {
            "state": self.state, "records": {"socket": self.records_socket}, "http": {"socket": self.http_socket}
        }
        whole = merged(merged(QUICK, places), self.settings) | {"sources": self.sources}
        self.config.write_text(yaml(whole))

    # MARK: The process

    def start(self, *, prefix=(), environment: dict | None = None, is_ready: bool = True, **options) -> "Daemon":
        """Starts it and waits until it says that it is ready. `prefix` is a command that runs it."""
        path = self.folder / "notify"
        path.unlink(missing_ok=True)
        self.manager = Manager(path)
        known = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHDOG_", "LISTEN_"))}
        environment = known | {"NOTIFY_SOCKET": str(path), "SWIFT_BACKTRACE": "enable=no"} | (environment or {})
        command = [*map(str, prefix), *self.tandem.command("serve", self.config)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, env=environment, **({"stdout": log, "stderr": log} | options))
        if is_ready:
            self.await_ready()
        return self

    def await_ready(self):
        def ready():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log[-600:]}"
            return self.manager.times("READY=1")

        until(ready)

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self):
        """As the kernel would: nothing is written any more."""
        self.process.kill()
        self._ended()

    def stop(self) -> int:
        """Tells it to end; gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def _ended(self) -> int:
        code = self.process.wait(timeout=PATIENCE)
        self.manager.close()
        return code

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def assert_alive(self):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log[-600:]}"
        assert not any(crash in self.log for crash in CRASHES), self.log[-600:]

    def workers(self) -> list[int]:
        """The process numbers of its children."""
        return children(self.pid)

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def processor_time(self) -> float:
        """Seconds that its own threads have used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    # MARK: HTTP

    def door(self, timeout: float = PATIENCE) -> Unix:
        return Unix(self.http_socket, timeout)

    def http(self, path: str, method: str = "GET", body=None, headers=None, timeout=PATIENCE) -> tuple[int, bytes]:
        """Status and content of a whole answer."""
        with contextlib.closing(self.door(timeout)) as door:
            door.request(method, path, body=body, headers=headers or {})
            answer = door.getresponse()
            return answer.status, answer.read()

    def metrics(self) -> Metrics:
        status, text = self.http("/metrics")
        assert status == 200 and text.endswith(b"# EOF\n"), text[-200:]
        found = {}
        for line in text.decode().splitlines():
            if match := re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line):
                labels = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")))
                found[match[1], labels] = float(match[3])
        return found

    def metric(self, name: str, **labels: str) -> float:
        """0 where nothing was counted yet."""
        return self.metrics().get((name, tuple(sorted(labels.items()))), 0)

    def source(self, name: str) -> dict:
        status, text = self.http(f"/v1/sources/{name}")
        assert status == 200, text
        return json.loads(text)

    def stored(self, quiet: float = 0.4) -> list[dict]:
        """All records that are durable now: what a replay from the first position gives until it pauses."""
        with contextlib.closing(Replay(self)) as replay:
            seen = -1
            while seen != len(replay.rows):
                seen = len(replay.rows)
                time.sleep(quiet)
            return list(replay.rows)

    # MARK: Workers

    def worker(self, port: int) -> int:
        """The worker, a child of the daemon, that reads a UDP port itself or by a process of its own."""
        return until(lambda: self._worker(port))

    def _worker(self, port: int) -> int | None:
        lines = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
        wanted = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{port:04X}")}
        for worker in self.workers():
            for process in [worker, *descendants(worker)]:
                with contextlib.suppress(OSError):
                    if wanted & {os.readlink(link) for link in Path(f"/proc/{process}/fd").iterdir()}:
                        return worker
        return None

    # MARK: What is on the disk

    def segments(self) -> list[dict]:
        """The records of all segments, as any Arrow reader finds them. Only where the daemon has ended."""
        return [row for path in sorted((self.state / "records").glob("*.arrows")) for row in segment(path)]


def segment(path: Path) -> list[dict]:
    """The whole batches of a segment; fails at a torn one. The end mark may be missing."""
    rows = []
    if path.stat().st_size == 0:
        return rows
    for batch in pa.ipc.open_stream(pa.memory_map(str(path))):
        batch.validate(full=True)
        rows += batch.select(["source", "status", "epoch", "window", "start_ns", "wall"]).to_pylist()
    return rows


def children(process: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text().split())
    return found


def descendants(process: int) -> list[int]:
    return [each for child in children(process) for each in [child, *descendants(child)]]


@contextlib.contextmanager
def serving(tandem, folder: Path, sources: dict | None = None, settings: dict | None = None, **start):
    """A running daemon, which is ended at the end, and did not crash."""
    daemon = Daemon(tandem, folder, sources or {}, settings or {})
    try:
        daemon.start(**start)
        yield daemon
        assert not any(crash in daemon.log for crash in CRASHES), daemon.log[-600:]
    finally:
        daemon.close()
        if daemon.manager:
            daemon.manager.close()


def dropped(metrics: Metrics, source: str) -> dict[str, float]:
    """By reason."""
    labelled = {labels: value for (name, labels), value in metrics.items() if name == "tandem_windows_dropped_total"}
    return {dict(labels)["reason"]: value for labels, value in labelled.items() if ("source", source) in labels}


class RecordReader:
    """Reads the records socket in the background; `columns` are those to keep, or all."""

    COLUMNS = ("source", "status", "epoch", "window", "dropped")

    def __init__(self, path: Path, columns: tuple[str, ...] | None = COLUMNS):
        self.rows: list[dict] = []
        self._columns = columns
        self.is_whole = False
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with contextlib.suppress(OSError, pa.ArrowInvalid), self._socket.makefile("rb") as file:
            for batch in pa.ipc.open_stream(file):
                self.rows += (batch.select(self._columns) if self._columns else batch).to_pylist()
            self.is_whole = True

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=2)
        self._socket.close()


class Replay:
    """Reads in the background what is durable, from the first position on: lines that are whole."""

    def __init__(self, daemon: Daemon, position: str = "1:0"):
        self.rows: list[dict] = []
        self._door = daemon.door()
        self._door.request("GET", f"/v1/records?from={position}&vectors=none")
        self._answer = self._door.getresponse()
        assert self._answer.status == 200, self._answer.read()
        self._socket = self._answer.fp.raw._sock
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        rest = b""
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            while more := self._answer.read1():
                *whole, rest = (rest + more).split(b"\n")
                self.rows += map(json.loads, whole)

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=2)
        self._door.close()


def ids(rows: list[dict]) -> list[tuple[str, int, int]]:
    """Source, epoch and window of the records that have them."""
    return [(row["source"], row["epoch"], row["window"]) for row in rows if row["window"] is not None]
