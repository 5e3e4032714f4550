"""Readers of the daemon side by side: one that connects and never reads costs the others nothing."""

import bisect
import contextlib
import selectors
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import live
from daemon import NONE_DROPPED, dropped, ids, serving, until
from test_serve_faults import assert_gapless, camera, playing, windows

PEERS = 10
#: How long they read alone, and how long beside the one that does not.
ALONE, BESIDE = 2.5, 3.5
#: A third of a megabyte in a second: what waits for a reader and in its socket is full after three, and the second of
#: the stream that comes at once at its beginning has room.
SETTINGS = {"window": "200ms", "hop": "10ms", "records": {"reader_buffer": "512KiB", "batch": "10ms"}}
#: How much later their slowest records may come beside it than alone: these are threads of a busy machine.
LATER = 0.05


class Peers:
    """Reads the records socket so many times over, and notes when each part came."""

    def __init__(self, path: Path, count: int):
        self.sockets = [socket.socket(socket.AF_UNIX) for _ in range(count)]
        self.heard = [bytearray() for _ in range(count)]
        self._ends: list[list[int]] = [[] for _ in range(count)]
        self._times: list[list[float]] = [[] for _ in range(count)]
        for one in self.sockets:
            one.connect(str(path))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
            for n, one in enumerate(self.sockets):
                ready.register(one, selectors.EVENT_READ, n)
            while ready.get_map():
                for key, _ in ready.select():
                    if not (part := key.fileobj.recv(1 << 18)):
                        ready.unregister(key.fileobj)
                        continue
                    self.heard[key.data] += part
                    self._ends[key.data].append(len(self.heard[key.data]))
                    self._times[key.data].append(time.monotonic())

    def join(self):
        self._thread.join(timeout=10)
        for one in self.sockets:
            one.close()

    def records(self) -> list[dict]:
        """Of all of them, for they heard the same: `came` tells when each had the whole batch of the record."""
        whole, rows = pa.BufferReader(bytes(self.heard[0])), []
        for batch in pa.ipc.open_stream(whole):
            places = [bisect.bisect_left(ends, whole.tell()) for ends in self._ends]
            came = [times[place] for times, place in zip(self._times, places)]
            columns = ["source", "status", "epoch", "window", "start_ns", "dropped"]
            rows += [row | {"came": came} for row in batch.select(columns).to_pylist()]
        return rows


@pytest.fixture(scope="module")
def beside(tandem, media, tmp_path_factory):
    """What ten readers heard of a live source; when an eleventh joined; and the metrics at the end."""
    port = live.port()
    folder = tmp_path_factory.mktemp("readers")
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(serving(tandem, folder, {"cam": camera(port)}, SETTINGS))
        peers = Peers(service.records_socket, PEERS)
        stack.enter_context(playing(media, port))
        until(lambda: service.source("cam")["windows"] >= 100)
        time.sleep(ALONE)
        joined = time.monotonic()
        idle = stack.enter_context(socket.socket(socket.AF_UNIX))
        idle.connect(str(service.records_socket))
        until(lambda: service.metric("tandem_readers_total", what="records_dropped") > 0)
        time.sleep(BESIDE)
        metrics, source = service.metrics(), service.source("cam")
        assert service.stop() == 0
        peers.join()
    return peers, joined, metrics, source


def test_all_who_read_hear_the_same_and_everything(beside):
    peers, _, _, source = beside
    assert len(set(map(bytes, peers.heard))) == 1
    rows = peers.records()
    assert list(windows(rows)["cam"]) == [0]
    assert_gapless(rows, "cam")
    assert windows(rows)["cam"][0][0] == 0 and len(ids(rows)) >= source["windows"]
    assert sum(row["dropped"] for row in rows) == source["dropped"] == 0


def test_what_is_kept_from_the_one_is_counted(beside):
    peers, joined, metrics, source = beside
    family = {labels: value for (name, labels), value in metrics.items() if name == "tandem_readers_total"}
    counted = {dict(labels)["what"]: value for labels, value in family.items()}
    assert counted["records_dropped"] > 0 and counted["batches_dropped"] > 0
    assert counted["records_dropped"] <= sum(row["came"][0] >= joined for row in peers.records())
    assert dropped(metrics, "cam") == NONE_DROPPED


def test_nobody_gets_it_much_later(beside):
    peers, joined, _, _ = beside
    rows = [row for row in peers.records() if row["window"] is not None and row["window"] >= 50]
    # A window's records come so long after its beginning, but for what is the same for all.
    late = np.array([[came - row["start_ns"] / 1e9 for came in row["came"]] for row in rows])
    is_beside = np.array([row["came"][0] >= joined for row in rows])
    assert is_beside.sum() >= 200 and (~is_beside).sum() >= 200
    alone, beside = (np.quantile(late[chosen], 0.99, axis=0) for chosen in (~is_beside, is_beside))
    assert (beside - alone).max() <= LATER, f"{(beside - alone).max() * 1000:.0f} ms later"


def test_who_is_too_slow_is_told_in_its_stream_what_it_lost_and_where(tandem, media, tmp_path):
    port, rows = live.port(), []

    def read(one: socket.socket):
        with one.makefile("rb") as file:
            for batch in pa.ipc.open_stream(file):
                rows.extend(batch.select(["source", "status", "window", "dropped"]).to_pylist())

    with serving(tandem, tmp_path, {"cam": camera(port)}, SETTINGS) as service, socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(service.records_socket))
        with playing(media, port):
            until(lambda: service.metric("tandem_readers_total", what="records_dropped") > 50, within=20)
            assert service.metric("tandem_readers_waiting_bytes", door="socket") > 1 << 18
            reading = threading.Thread(target=read, args=[slow])
            reading.start()
            until(lambda: rows and rows[-1]["window"] and any(row["status"] == "dropped" for row in rows))
        lost = service.metric("tandem_readers_total", what="records_dropped")
        assert service.stop() == 0
        reading.join(timeout=10)
    due = 0
    for row in rows:
        assert row["source"] == "cam" and row["status"] in ("ok", "dropped")
        assert row["status"] == "dropped" or row["window"] == due
        due += row["dropped"] if row["status"] == "dropped" else 1
    assert sum(row["dropped"] for row in rows) == lost > 50
