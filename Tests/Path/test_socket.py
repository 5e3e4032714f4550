"""`--listen`: several readers of one run, late, slow and dead ones, and what is left behind."""

import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

IO_ERROR = 74
#: Many small windows: far more bytes than sockets buffer.
MANY = ["--window", "20ms", "--hop", "5ms", "--fps", "25"]
PATIENCE = 30


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "records.sock"


@contextmanager
def serving(tandem, place: Path, *arguments):
    """A run that listens; killed if it outlives the test."""
    command = tandem.command("embed", "--listen", place, *arguments)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        try:
            yield running
        finally:
            running.kill()


def connect(place: Path) -> socket.socket:
    """Connects as soon as somebody answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        reader = socket.socket(socket.AF_UNIX)
        try:
            reader.connect(str(place))
            return reader
        except (FileNotFoundError, ConnectionRefusedError):
            reader.close()
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.01)


def batches(reader: socket.socket):
    """The record batches of an Arrow stream, one after the other."""
    return pa.ipc.open_stream(reader.makefile("rb"))


def windows(stream) -> list[int]:
    return [window for batch in stream for window in batch.column("window").to_pylist()]


def test_a_reader_gets_every_record_and_the_socket_goes(tandem, media, place):
    with serving(tandem, place, media("beep.mp4")) as running:
        with connect(place) as reader:
            assert windows(batches(reader)) == [0, 1, 2]
        assert running.wait(PATIENCE) == 0
    assert not place.exists()


def test_a_late_reader_gets_the_schema_and_the_rest(tandem, media, place):
    count = len(tandem.windows(*MANY, media("clip17s.nut")))
    with serving(tandem, place, *MANY, media("clip17s.nut")) as running, connect(place) as first:
        stream = batches(first)
        begun = stream.read_next_batch().column("window").to_pylist()
        with connect(place) as second, connect(place) as third:
            # the run is held by the slowest reader, so all three are there before it ends
            readers = [_in_background(late) for late in (second, third)]
            assert begun + windows(stream) == list(range(count))
            for seen in readers:
                rest = seen()
                assert rest == list(range(rest[0], count)), "a late reader gets an unbroken rest"
        assert running.wait(PATIENCE) == 0


def _in_background(reader: socket.socket):
    """Reads all windows in a thread; the returned call waits for them."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(lambda: windows(batches(reader)))
    pool.shutdown(wait=False)
    return lambda: future.result(PATIENCE)


def test_a_reader_that_takes_nothing_is_dropped_and_counted(tandem, media, place):
    count = len(tandem.windows(*MANY, media("clip17s.nut")))
    with serving(tandem, place, *MANY, media("clip17s.nut")) as running:
        with connect(place) as stalled, connect(place) as good:
            assert len(windows(batches(good))) > count / 2
            assert running.wait(PATIENCE) == 0
            assert "drop" in running.stderr.read().decode()
            assert stalled.fileno() >= 0


def test_a_stale_socket_is_replaced(tandem, media, place):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    with serving(tandem, place, media("beep.mp4")) as running:
        with connect(place) as reader:
            assert windows(batches(reader)) == [0, 1, 2]
        assert running.wait(PATIENCE) == 0


def test_a_live_socket_is_left_alone(tandem, media, place):
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(place))
        alive.listen()
        done = tandem("embed", "--listen", place, media("beep.mp4"))
        assert done.returncode == IO_ERROR
        assert place.name in done.stderr.decode()
    assert place.exists()


def test_a_file_in_the_way_is_left_alone(tandem, media, place):
    place.write_text("mine")
    done = tandem("embed", "--listen", place, media("beep.mp4"))
    assert done.returncode in (73, IO_ERROR)
    assert place.read_text() == "mine"
