"""The daemon when somebody sets the machine's clock an hour forth and back: nothing that it does goes by that clock.

`clock_step.c` lets the daemon and its workers feel the step, and nobody else.
"""

import contextlib
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

import daemon
import live
from daemon import RecordReader, serving, until
from runner import stand_in
from test_serve_faults import assert_gapless, camera, playing, windows

HOUR = 3600
#: Between two steps.
SECONDS = 2
#: Windows of a source in a second.
RATE = 10
SETTINGS = {
    "window": "200ms",
    "hop": "100ms",
    # Many segments, none of which is too old an hour from now.
    "records": {"segment_age": "1s", "keep_age": "2h"},
}
WATCHDOG = 2


class Clock:
    """By how much the clock is set apart from the machine's own."""

    def __init__(self, folder: Path):
        self.path, library = folder / "step", stand_in("clock_step", folder)
        self.path.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_STEP": str(self.path)}

    def set(self, seconds: int):
        with self.path.open("r+b", buffering=0) as file:
            file.write(struct.pack("<q", seconds * 10**9))


class Watched:
    """A daemon with two live sources under a clock that is set forth and back again; what was seen after each step."""

    def __init__(self, service, clock: Clock, reader: RecordReader):
        self.service, self.reader = service, reader
        #: The moments of the steps, and the last.
        self.moments: list[float] = []
        self.readiness: list[tuple[int, bytes]] = []
        self.expired: list[float] = []
        for step in (0, HOUR, 0):
            clock.set(step)
            self.moments.append(time.monotonic())
            while time.monotonic() < self.moments[-1] + SECONDS:
                time.sleep(0.25)
                self.readiness += [service.http(path) for path in ("/readyz", "/healthz")]
            self.expired.append(service.metric("tandem_store_total", what="store_expired_segments"))
        self.moments.append(time.monotonic())
        self.metrics = service.metrics()
        self.sources = [service.source(name) for name in ("one", "two")]

    def beats(self, part: int) -> list[float]:
        """Signs of life between step `part` and the next, each as the time since the one before."""
        begin, end = self.moments[part : part + 2]
        told = [begin] + [moment for moment in self.service.manager.times("WATCHDOG=1") if begin < moment < end] + [end]
        return [b - a for a, b in zip(told, told[1:])]


@pytest.fixture(scope="module")
def watched(tandem, media, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clock")
    clock, ports = Clock(folder), {"one": live.port(), "two": live.port()}
    environment = clock.environment | {"WATCHDOG_USEC": str(WATCHDOG * 10**6)}
    with contextlib.ExitStack() as stack:
        for port in ports.values():
            stack.enter_context(playing(media, port))
        sources = {name: camera(port) for name, port in ports.items()}
        service = stack.enter_context(serving(tandem, folder, sources, SETTINGS, environment=environment))
        columns = ("source", "status", "epoch", "window", "start_ns", "wall", "dropped")
        reader = stack.enter_context(contextlib.closing(RecordReader(service.records_socket, columns)))
        until(lambda: all(service.source(name)["windows"] for name in ports))
        for worker in service.workers():
            assert "clock_step" in Path(f"/proc/{worker}/maps").read_text(), "it does not feel the step"
        seen = Watched(service, clock, reader)
        seen.code = service.stop()
        seen.stored = service.segments()
        yield seen


def test_no_window_is_lost_and_nothing_begins_anew(watched):
    for name in ("one", "two"):
        assert list(windows(watched.reader.rows)[name]) == [0]
        assert_gapless(watched.reader.rows, name)
        assert len(windows(watched.reader.rows)[name][0]) >= 3 * SECONDS * RATE - RATE
    assert [source["reconnects"] for source in watched.sources] == [0, 0]
    assert [daemon.dropped(watched.metrics, name) for name in ("one", "two")] == [daemon.NONE_DROPPED] * 2
    for name in ("worker_restarts", "reconnects"):
        assert [watched.metrics[f"tandem_{name}_total", (("source", each),)] for each in ("one", "two")] == [0, 0]


def test_it_stays_ready_and_ends_well(watched):
    assert set(watched.readiness) == {(200, b"ok\n")}
    assert watched.code == 0
    assert not any(crash in watched.service.log for crash in daemon.CRASHES)


def test_nothing_that_was_stored_is_deleted(watched):
    assert watched.expired == [0, 0, 0]
    for name in ("one", "two"):
        assert windows(watched.stored)[name][0] == list(range(len(windows(watched.stored)[name][0])))
    assert len(list((watched.service.state / "records").glob("*.arrows"))) >= 4, "segments end by their age"


def test_signs_of_life_go_on_when_the_clock_is_set_forth(watched):
    assert max(watched.beats(0) + watched.beats(1)) <= WATCHDOG / 2


def test_the_time_of_capture_keeps_to_the_clock_by_which_the_connection_began(watched):
    for name in ("one", "two"):
        rows = [row for row in watched.reader.rows if row["source"] == name]
        apart = [row["wall"].replace(tzinfo=UTC).timestamp() - row["start_ns"] / 1e9 for row in rows]
        assert max(apart) - min(apart) <= 1
        assert abs(rows[-1]["wall"].replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds() <= 60
