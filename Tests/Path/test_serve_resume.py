"""Who goes on where he stopped, also after a kill -9 that took what he had heard; and what the store does not take.

`TANDEM_KILLS` is how often it is killed, by default 5.
"""

import contextlib
import json
import os
import random
import struct
import threading
import time

import pytest

import daemon
import live
from daemon import NONE_DROPPED, Replay, dropped, ids, serving, until
from test_serve_faults import add, assert_gapless, camera, playing, windows

KILLS = int(os.environ.get("TANDEM_KILLS", 5))
#: Many batches between two syncs.
DENSE = {"window": "200ms", "hop": "20ms", "records": {"sync": "200ms", "batch": "1ms"}}


class Events:
    """Hears the events that come, as a browser does: what has come whole, and the position behind it."""

    def __init__(self, service, position: str | None = None):
        self.position, self.rows = position, []
        self._door = service.door()
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": position} if position else {})
        self._door.request("GET", "/v1/records", headers=headers)
        self._answer = self._door.getresponse()
        assert self._answer.status == 200, self._answer.read()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self):
        part = []
        with contextlib.suppress(OSError, ValueError):
            while line := self._answer.readline():
                if line.startswith(b"data: "):
                    part.append(json.loads(line[6:]))
                if line.startswith(b"id: "):
                    self.rows, part = self.rows + part, []
                    self.position = line[4:].decode().strip()

    def close(self):
        self._thread.join(timeout=daemon.PATIENCE)
        self._door.close()


def replayed(service, position: str, newest: tuple) -> list[dict]:
    """What one gets who goes on from a position, until the newest record has come."""
    with contextlib.closing(Replay(service, position)) as replay:
        until(lambda: newest in ids(replay.rows))
        return replay.rows


def test_after_a_kill_that_took_what_was_heard_nothing_is_missed(tandem, media, tmp_path):
    dice, port = random.Random(9), live.port()
    heard, position, taken = set(), None, 0
    service = daemon.Daemon(tandem, tmp_path, {"cam": camera(port)}, DENSE)
    with playing(media, port):
        try:
            for turn in range(KILLS):
                service.start()
                with contextlib.closing(Events(service, position)) as events:
                    count = len(events.rows) + dice.randrange(20, 60)
                    until(lambda: len(events.rows) >= count and ":" in events.position, every=0.001)
                    service.kill()
                heard |= set(ids(events.rows))
                position = events.position
                service.start()
                last = max(epoch for _, epoch, _ in heard)
                with contextlib.closing(Replay(service)) as replay:
                    until(lambda: max(windows(replay.rows)["cam"], default=-1) > last)
                    stored = list(replay.rows)
                taken += len(heard - set(ids(stored)))
                again = replayed(service, position, ids(stored)[-1])
                missed = set(ids(stored)) - heard - set(ids(again))
                assert not missed, f"killed {turn + 1} times, from {position} on: {sorted(missed)}"
                service.kill()
        finally:
            service.close()
    assert taken, "all that was heard was durable: no kill came soon enough"


def test_who_goes_on_behind_a_batch_does_not_get_it_again(tandem, media, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service:
        events = Events(service)
        add(clips, media, "a")
        count = len(until(service.stored))
        until(lambda: len(events.rows) == count)
        with contextlib.closing(Replay(service, events.position)) as replay:
            time.sleep(0.3)
            assert replay.rows == []
            add(clips, media, "b")
            until(lambda: len(replay.rows) == count)
            assert set(windows(replay.rows)) == {"clips/b.mp4"}
        assert service.stop() == 0
        events.close()


def test_a_position_that_was_never_given_is_told_to_be_none(tandem, media, tmp_path):
    add(tmp_path / "clips", media, "a")
    with serving(tandem, tmp_path, {"clips": {"url": tmp_path / "clips"}}) as service:
        until(service.stored)
        status, text = service.http("/v1/records?from=57:9")
        assert status == 410 and b"57:9 is no position of this store: its oldest records are at 1:0" in text
        assert service.stop() == 0


def test_a_daemon_to_which_nothing_comes_lets_go_of_what_is_old(tandem, media, tmp_path):
    add(tmp_path / "clips", media, "a")
    settings = {"records": {"keep_age": "1s", "segment_age": "1s"}}
    with serving(tandem, tmp_path, {"clips": {"url": tmp_path / "clips"}}, settings) as service:
        stored, gone = (("tandem_store_total", (("what", f"store_{word}records"),)) for word in ("", "expired_"))
        until(lambda: (found := service.metrics()).get(stored) and found[stored] == found.get(gone))
        assert service.http("/v1/records?from=1:0")[0] == 410
        until(lambda: not list((service.state / "records").glob("*.arrows")))
        assert service.stop() == 0


# MARK: What is not taken

#: So many names does the store keep.
NAMES = 1 << 17


def checksum(content: bytes) -> int:
    """CRC-32C."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
        table.append(value)
    sum = 0xFFFFFFFF
    for byte in content:
        sum = table[(sum ^ byte) & 0xFF] ^ sum >> 8
    return sum ^ 0xFFFFFFFF


def fill_names(folder, count: int) -> None:
    """A journal as docs/delivery.md has it, of a store that knows so many names by a record in segment 1."""
    folder.mkdir(parents=True)
    salt = struct.pack("<Q", 7)
    header = b"TANDEMJ1" + salt
    names = (f"s{n:06}".encode() for n in range(count))
    payload = b"".join(struct.pack("<BH7sBiqqi", 7, 7, name, 1, 0, 0, 1, 1) for name in names)
    payload += struct.pack("<BQQQ", 8, 1, 0, 0)
    numbers = struct.pack("<IQ", len(payload), 0)
    frame = b"TFRM" + numbers + struct.pack("<I", checksum(salt + numbers + payload)) + payload
    (folder / "journal").write_bytes(header + struct.pack("<I", checksum(header)) + frame)


@pytest.fixture(scope="module")
def beep_windows(tandem, media) -> list[int]:
    """The windows of the clip beep.mp4, as a run without faults gives them."""
    grid = ["--window", "200ms", "--hop", "20ms"]
    return [row["window"] for row in tandem.windows(*grid, media("beep.mp4"))]


def test_what_the_store_refuses_is_counted_named_and_takes_nothing_with_it(tandem, media, tmp_path, beep_windows):
    port, clips = live.port(), tmp_path / "clips"
    clips.mkdir()
    fill_names(tmp_path / "state/records", NAMES - 1)
    sources = {"cam": camera(port), "clips": {"url": clips}}
    settings = DENSE | {"records": {"sync": "50ms", "batch": "100ms"}}
    with playing(media, port), serving(tandem, tmp_path, sources, settings) as service:
        until(lambda: service.source("cam")["windows"] >= 10)
        add(clips, media, "abc")
        refused = 3 * len(beep_windows)
        until(lambda: service.metric("tandem_store_total", what="files_refused") == 3)
        with contextlib.closing(Replay(service)) as replay:
            until(lambda: len(replay.rows) >= 150)
        assert service.metric("tandem_store_total", what="records_refused") == refused
        assert service.metric("tandem_finished_files") == 0
        assert dropped(service.metrics(), "clips") == NONE_DROPPED | {"refused": refused}
        assert service.source("clips")["windows"] == 0 and service.source("clips")["dropped"] == refused

        def is_balanced():
            counted = {dict(labels)["what"]: value for (name, labels), value in service.metrics().items()
                       if name == "tandem_store_total"}
            parts = ("store_records", "records_stored_before", "records_refused")
            return counted["records_taken"] == sum(counted.get(part, 0) for part in parts)

        until(is_balanced, every=0)
        assert service.stop() == 0
        assert all(f"clips/{name}.mp4 is not stored whole" in service.log for name in "abc"), service.log
    rows = service.segments()
    assert set(windows(rows)) == {"cam"}
    assert_gapless(rows, "cam")
