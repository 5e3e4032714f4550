#!/usr/bin/env python3
"""Measures `tandem serve`: its start, its rest, many live sources at once, many readers. See README.md beside it.

A figure never fails; the exit code is 1 only when a program does.
"""

import argparse
import array
import bisect
import contextlib
import hashlib
import http.client
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyarrow as pa
from bench import FFMPEG, MB, TANDEM, Failed, check, machine, made, pss_bytes, reap, tree, verdict
from publisher import TICKS, Clip

START_GOAL_MS, IDLE_MB_GOAL, IDLE_CPU_GOAL = 300, 40, 0.5
LATENCY_GOAL_MS, FIRST_GOAL_S, PEERS_GOAL = 350, 2.0, 1.05
WINDOW_S, HOP_S = 2, 1
IDLE_SECONDS = 20
#: What the first seconds of a load cost is not what it costs.
SETTLING_SECONDS = 10
PICTURE = "testsrc2=s=320x240:r=25,noise=alls=4:allf=t:all_seed=1,format=yuv420p"
SOUND = "anoisesrc=c=pink:a=0.3:r=48000:seed=1"
#: As a camera codes: no pictures out of order, a key frame every second, each stretch of sound by itself.
CODING = (
    "-c:v libx264 -preset veryfast -bf 0 -g 25 -b:v 300k -maxrate 300k -bufsize 300k -c:a aac -b:a 64k"
    " -muxdelay 0 -muxpreload 0").split()


def live_clip(seconds: int) -> Path:
    inputs = ["-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", SOUND, "-t", seconds]
    return made(f"live-{seconds}s.ts", [*inputs, *CODING])


class Serving:
    """A daemon in a folder of its own, from its start to READY, until the block is left."""

    def __init__(self, folder: Path, sources: list[int]):
        self.records, self.http = folder / "records.sock", folder / "http.sock"
        lines = [f"  s{index:02}: {{url: 'udp://127.0.0.1:{port}'}}" for index, port in enumerate(sources)]
        config = folder / "tandem.yaml"
        config.write_text("\n".join([
            f"state: {folder}/state", f"records: {{socket: {self.records}}}", f"http: {{socket: {self.http}}}",
            "sources:" if lines else "sources: {}", *lines, ""]))
        self._command = [TANDEM, "serve", config]
        self._notices = folder / "notify.sock"
        self._log = folder / "log"

    def __enter__(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            notices.bind(str(self._notices))
            notices.settimeout(30)
            begin = time.monotonic()
            environment = os.environ | {"NOTIFY_SOCKET": str(self._notices)}
            with self._log.open("wb") as log:
                self.child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=log, env=environment)
            try:
                while b"READY=1" not in notices.recv(1 << 16).split(b"\n"):
                    pass
            except TimeoutError:
                self.child.kill()
                self._show_log()
                raise Failed("the daemon is not ready after 30 s") from None
            self.start_ms = (time.monotonic() - begin) * 1000
        self.pid = self.child.pid
        return self

    def __exit__(self, kind, *_):
        """Asks it to end; what it says then counts only if all went well before."""
        if self.child.returncode is None:
            self.child.send_signal(signal.SIGTERM)
            reap(self.child)
        if kind is None:
            if self.child.returncode != 0:
                self._show_log()
            check(self._command, self.child.returncode)

    def _show_log(self):
        print(self._log.read_text(errors="replace")[-4000:], file=sys.stderr, flush=True)

    @property
    def workers(self) -> list[int]:
        return list(tree(self.pid))[1:]

    def metrics(self) -> dict[str, dict[str, float]]:
        """By name and labels."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.http))
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        found: dict[str, dict[str, float]] = {}
        for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M):
            found.setdefault(name, {})[labels] = float(value)
        return found


def cpu_clock(pid: int) -> float:
    """Processor seconds of a process so far (clock_getcpuclockid), 0 for one that has ended."""
    with contextlib.suppress(OSError):
        return time.clock_gettime(~pid << 3 | 2)
    return 0.0


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def at_rest(runs: int):
    """Section 1: start to READY, and what a daemon without sources costs."""
    print(f"\nStart to READY, {runs} runs; then {IDLE_SECONDS} s without sources")
    times = []
    for run in range(runs):
        with tempfile.TemporaryDirectory() as folder, Serving(Path(folder), []) as daemon:
            times.append(daemon.start_ms)
            if run + 1 < runs:
                continue
            time.sleep(1)
            begin = cpu_clock(daemon.pid)
            time.sleep(IDLE_SECONDS)
            load = (cpu_clock(daemon.pid) - begin) / IDLE_SECONDS * 100
            memory = resident_bytes(daemon.pid) / MB
    start, spread = median(times), f"{min(times):.0f}–{max(times):.0f}"
    print(f"start  {start:6.0f} ms  {spread:>9}  goal {START_GOAL_MS} ms  {verdict(start, START_GOAL_MS)}")
    print(f"memory {memory:6.1f} MB             goal {IDLE_MB_GOAL} MB  {verdict(memory, IDLE_MB_GOAL)}")
    print(f"CPU    {load:6.2f} %              goal {IDLE_CPU_GOAL} %  {verdict(load, IDLE_CPU_GOAL)}", flush=True)


class Reader(threading.Thread):
    """Reads the records socket to its end, and notes when each part came."""

    def __init__(self, path: Path):
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._parts: list[bytes] = []
        self._ends, self._times = [0], [0.0]

    def run(self):
        while part := self._socket.recv(1 << 18):
            self._times.append(time.monotonic())
            self._parts.append(part)
            self._ends.append(self._ends[-1] + len(part))

    @property
    def digest(self) -> str:
        return hashlib.sha256(b"".join(self._parts)).hexdigest()

    def records(self) -> list[dict]:
        """Each with `came`: when the last byte of its batch was here."""
        keys = ["source", "status", "epoch", "window", "start_ns", "audio_pts", "audio_valid", "video_valid", "dropped"]
        whole = pa.BufferReader(b"".join(self._parts))
        stream, rows = pa.ipc.open_stream(whole), []
        for batch in stream:
            came = self._times[bisect.bisect_left(self._ends, whole.tell())]
            rows += [row | {"came": came} for row in batch.select(keys).to_pylist()]
        return rows


class Costs(NamedTuple):
    """CPU in per cent of one core, memory in bytes."""

    daemon: float
    workers: float
    publisher: float
    readers: float
    others: float
    resident: int
    shares: int


def busy_seconds() -> float:
    """Of all processors of the machine, without what they idled."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def await_listeners(ports: list[int]):
    wanted = {f":{port:04X}" for port in ports}
    for _ in range(600):
        rows = [line.split()[1] for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
        if wanted <= {row[-5:] for row in rows}:
            return
        time.sleep(0.05)
    raise Failed("not all sources listen after 30 s")


class Load:
    """One measurement: so many sources at once, to so many readers."""

    def __init__(self, path: Path, sources: int, hearing: int = 1, deaf: int = 0):
        self.clip, self.count = Clip(path), sources
        with tempfile.TemporaryDirectory() as folder:
            self._run(path, Path(folder), hearing, deaf)
        self.records = [row for row in self._reader.records() if row["status"] == "ok"]
        self.by_source: dict[str, list[dict]] = {}
        for row in self.records:
            self.by_source.setdefault(row["source"], []).append(row)
        self.own_digest = self._reader.digest

    def _run(self, path: Path, folder: Path, hearing: int, deaf: int):
        ports, notes = free_ports(self.count), folder / "notes"
        crowd_command = [sys.executable, Path(__file__).with_name("crowd.py"), folder / "records.sock"]
        publish_command = [sys.executable, Path(__file__).with_name("publisher.py"), path, notes]
        with contextlib.ExitStack() as children:
            with Serving(folder, ports) as daemon:
                crowd = children.enter_context(
                    killed([*crowd_command, hearing - 1, deaf], stdout=subprocess.PIPE, text=True))
                if crowd.stdout.readline() != "ready\n":
                    raise Failed("the readers cannot connect")
                self._reader = Reader(daemon.records)
                self._reader.start()
                await_listeners(ports)
                publisher = children.enter_context(killed([*publish_command, *ports]))
                self.costs = self._watch(daemon, publisher, crowd)
                time.sleep(1)
                self.metrics = daemon.metrics()
                self.until = time.monotonic()
            self._reader.join(10)
            self.digests = crowd.communicate(timeout=20)[0].split()
            check(publish_command, publisher.returncode)
        flat = array.array("d", notes.read_bytes())
        width = len(self.clip.due)
        self.left = [flat[index * width:(index + 1) * width] for index in range(self.count)]

    def _watch(self, daemon: Serving, publisher: subprocess.Popen, crowd: subprocess.Popen) -> Costs:
        """Until the publisher has ended."""

        def clocks() -> list[float]:
            workers = sum(map(cpu_clock, daemon.workers))
            readers = cpu_clock(crowd.pid) + time.process_time()
            own, publishing = cpu_clock(daemon.pid), cpu_clock(publisher.pid)
            return [time.monotonic(), busy_seconds(), own, workers, publishing, readers]

        time.sleep(SETTLING_SECONDS)
        first = last = clocks()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                publisher.wait(1)
                break
            last = clocks()
        seconds, busy, *known = (after - before for before, after in zip(first, last))
        shares = [part / seconds * 100 for part in (*known, busy - sum(known))]
        return Costs(*shares, resident_bytes(daemon.pid), sum(map(pss_bytes, daemon.workers)))

    def first_epoch(self, index: int) -> list[dict]:
        """The records of a source before it was ever opened anew."""
        return [row for row in self.by_source.get(f"s{index:02}", []) if row["epoch"] == 0]

    def due(self, index: int) -> dict[int, float]:
        """The windows of a source that its stamps completed, and when: as the first stamp past the end, on every
        track, left the publisher."""
        heard = [row for row in self.first_epoch(index) if row["audio_valid"] > 0.999]
        if not heard:
            return {}
        zero = median(row["audio_pts"] - row["start_ns"] * TICKS / 1e9 for row in heard)
        found, left = {}, self.left[index]
        for window in itertools.count():
            end = zero + (window * HOP_S + WINDOW_S) * TICKS
            # Half a tick and a rounded zero are no reason to wait for one stamp more.
            beyond = [stamps[bisect.bisect_left(stamps, (end - 1, 0)):][:1] for stamps in self.clip.stamps.values()]
            if not all(beyond):
                return found
            found[window] = max(left[number] for [(_, number)] in beyond)

    def latencies(self) -> list[float]:
        """In milliseconds, ascending."""
        spans = []
        for index in range(self.count):
            due = self.due(index)
            rows = [row for row in self.first_epoch(index) if row["window"] in due]
            spans += [(row["came"] - due[row["window"]]) * 1000 for row in rows]
        return sorted(spans)

    def first_windows(self) -> list[float]:
        """Seconds from the first datagram of each source to its first record."""
        named = ((f"s{index:02}", left[0]) for index, left in enumerate(self.left))
        return sorted(self.by_source[name][0]["came"] - first for name, first in named if name in self.by_source)

    def lateness(self) -> list[float]:
        """How much later than planned the publisher sent, in milliseconds, ascending."""
        return sorted(
            (at - left[0] - due) * 1000 for left in self.left for at, due in zip(left, self.clip.due))


@contextlib.contextmanager
def killed(command: list, **options):
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, **options) as child:
        try:
            yield child
        finally:
            child.kill()


def quantile(ascending: list[float], part: float) -> float:
    return ascending[min(len(ascending) - 1, int(len(ascending) * part))] if ascending else float("nan")


def total(metrics: dict, name: str) -> int:
    return int(sum(metrics.get(f"tandem_{name}_total", {}).values()))


def by_label(family: dict[str, float], label: str) -> dict[str, int]:
    """The values of a family, summed over its other labels, without those that are zero."""
    sums: dict[str, int] = {}
    for labels, value in sorted(family.items()):
        name = re.search(label + '="(.*?)"', labels)[1]
        sums[name] = sums.get(name, 0) + int(value)
    return {name: value for name, value in sums.items() if value}


def listed(values: dict[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "none"


def show_windows(load: Load):
    completed = [load.due(index) for index in range(load.count)]
    given = [{row["window"] for row in load.first_epoch(index)} for index in range(load.count)]
    missing = sum(len(due.keys() - seen) for due, seen in zip(completed, given))
    came = [row for row in load.records if row["came"] <= load.until]
    # Sound and picture do not begin together: the first window lacks some of one.
    holes = sum(min(row["audio_valid"] or 0, row["video_valid"] or 0) < 0.999 for row in came if row["window"] > 0)
    names = ["windows_due", "windows_given", "windows_dropped", "reconnects", "worker_restarts"]
    print(f"windows   completed {sum(map(len, completed))}, of those without a record {missing}")
    print(f"records   {len(came)} of {len(load.by_source)} sources, with holes behind the first window {holes}")
    print("metrics   " + listed({name: total(load.metrics, name) for name in names}))
    print("losses    " + listed(by_label(load.metrics.get("tandem_source_losses_total", {}), "reason")), flush=True)


def show_latency(load: Load) -> float:
    """Prints it; the 99th percentile."""
    spans, late = load.latencies(), load.lateness()
    p99 = quantile(spans, 0.99)
    print(f"latency   p50 {quantile(spans, 0.5):.0f} ms, p99 {p99:.0f} ms, most {quantile(spans, 1):.0f} ms"
          f"  goal {LATENCY_GOAL_MS} ms  {verdict(p99, LATENCY_GOAL_MS)}")
    print(f"sent late p99 {quantile(late, 0.99):.0f} ms, most {quantile(late, 1):.0f} ms")
    buckets = by_label(load.metrics["tandem_record_latency_seconds_bucket"], "le")
    bounds = sorted(buckets, key=float)
    counts = [buckets[bound] for bound in bounds]
    steps = zip(bounds, [0, *counts], counts)
    print("in it     " + ", ".join(f"≤ {bound} s {now - before}" for bound, before, now in steps if now > before))
    firsts = load.first_windows()
    most = quantile(firsts, 1) - WINDOW_S
    print(f"first     {quantile(firsts, 0.5):.2f} s, latest {quantile(firsts, 1):.2f} s after the first datagram"
          f"  goal {WINDOW_S + FIRST_GOAL_S:.0f} s  {verdict(most, FIRST_GOAL_S)}")
    return p99


def show_costs(costs: Costs):
    print(f"CPU       daemon {costs.daemon:.1f} %, workers {costs.workers:.1f} %, publisher {costs.publisher:.1f} %,"
          f" readers {costs.readers:.1f} %, all else on the machine {costs.others:.1f} % of one core")
    resident, shares = costs.resident / MB, costs.shares / MB
    print(f"memory    daemon {resident:.1f} MB resident, workers {shares:.1f} MB by shares", flush=True)


def loaded(clip: Path, sources: int) -> float:
    """Section 2: the 99th percentile of the latency in it."""
    print(f"\n{sources} live sources, 320×240 at 25 pictures with sound, one reader")
    load = Load(clip, sources)
    show_windows(load)
    p99 = show_latency(load)
    show_costs(load.costs)
    return p99


def crowded(clip: Path, sources: int, hearing: int, deaf: int, alone: float | None):
    """Section 3: the same to many readers. alone: the 99th percentile with one."""
    print(f"\n{sources} live sources to {hearing} readers, and {deaf} that never read")
    load = Load(clip, sources, hearing, deaf)
    show_windows(load)
    p99 = show_latency(load)
    if alone:
        ratio = p99 / alone
        print(f"ratio     p99 to that with one reader {ratio:.2f}  goal {PEERS_GOAL}  {verdict(ratio, PEERS_GOAL)}")
    show_costs(load.costs)
    same = sum(digest == load.own_digest for digest in load.digests) + 1
    print(f"readers   {same} of {hearing} heard the same, to the byte")
    print("metrics   " + listed(by_label(load.metrics["tandem_readers_total"], "what")), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=70, help="of the clip (70)")
    parser.add_argument("--sources", type=int, default=32)
    parser.add_argument("--readers", type=int, default=90)
    parser.add_argument("--deaf", type=int, default=10, help="readers that never read (10)")
    parser.add_argument("--part", choices=["rest", "load", "crowd"], action="append", help="one of them alone")
    options = parser.parse_args()
    parts = options.part or ["rest", "load", "crowd"]
    clip = live_clip(options.seconds)
    machine()
    if "rest" in parts:
        at_rest(9)
    alone = loaded(clip, options.sources) if "load" in parts else None
    if "crowd" in parts:
        crowded(clip, options.sources, options.readers, options.deaf, alone)


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError) as problem:
        sys.exit(f"daemon.py: {problem}")
