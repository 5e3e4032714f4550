"""The daemon's live sources: over every protocol its records keep sound and picture together, and lose nothing."""

import contextlib
import time

import numpy as np
import pytest

import live
import mirror
import relay
from daemon import RecordReader, serving, until

WAYS = ["udp", "rtp", "tcp", "srt", "rtmp", "rtsp-tcp", "rtsp-udp"]
LATE = "late"
SAMPLE = 1 / 48_000
TICK = {"rtmp": 1e-3}
#: As long as the clip whose middle is joined: the sender reports every five seconds.
SECONDS = 10


def waiting(way: live.Way) -> dict:
    """The source as the configuration holds it."""
    words = way.live.split(",")
    return {
        "url": way.address, "listen": "listen" in words, "transport": "udp" if "udp" in words else "tcp"
    }


def given(service, name: str, published) -> bool:
    """Whether a source that was published to its end has become records."""
    source = service.source(name)
    return published.poll() is not None and source["windows"] >= 10 and source["state"] != "running"


@pytest.fixture(scope="module")
def watched(tandem, tmp_path_factory):
    """A daemon with a source for every way, and one whose camera is called in the middle: all records."""
    folder = tmp_path_factory.mktemp("network")
    clip = live.make_clip(folder / "clip.mp4", SECONDS)
    ways = {name: live.way(name) for name in WAYS}
    hls = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "20", folder / "x.m3u8"]
    ports = live.port()
    with contextlib.ExitStack() as stack:
        _, called = stack.enter_context(relay.camera(ports, folder / "x.sdp"))
        address = stack.enter_context(live.serving(folder))
        sources = {name: waiting(way) for name, way in ways.items()}
        service = stack.enter_context(serving(tandem, folder, sources, mirror.settings(folder)))
        reader = stack.enter_context(contextlib.closing(RecordReader(service.records_socket, None)))
        for way in ways.values():
            live.await_listener(way.address)
        targets = {name: way.target for name, way in ways.items()}
        targets |= {"hls": hls, LATE: live.rtp(ports, folder / "x.sdp")}
        published = {name: stack.enter_context(live.publishing(clip, target)) for name, target in targets.items()}
        until((folder / "x.m3u8").exists)
        assert service.http("/v1/sources/hls", "PUT", f"url: {address}/x.m3u8".encode())[0] == 201
        time.sleep(1)
        assert service.http(f"/v1/sources/{LATE}", "PUT", f"{{url: {called}, transport: udp}}".encode())[0] == 201
        for name, process in published.items():
            until(lambda: given(service, name, process), within=30)
        service.assert_alive()
        assert service.http("/healthz")[0] == 200
        yield reader.rows


@pytest.mark.parametrize("name", WAYS)
def test_records_hold_sound_and_picture_at_their_offset(watched, name):
    rows = mirror.of(watched, name)
    offsets, width = mirror.offsets(rows)
    assert len(offsets) == SECONDS // 2
    assert np.abs(offsets).max() <= TICK.get(name, SAMPLE) + width + 2e-6
    assert {row["epoch"] for row in rows} == {0}
    assert {row["time_state"] for row in rows} <= {"exact", "quantised", None}


@pytest.mark.parametrize("name", WAYS)
def test_no_window_and_nothing_in_one_is_lost(watched, name):
    rows = mirror.of(watched, name)
    assert [row["window"] for row in rows] == list(range(len(rows)))
    assert sum(row["dropped"] for row in rows) == 0
    assert len(rows) >= 10 * SECONDS - 3
    inner = rows[1 : 10 * (SECONDS - 1)]
    assert all(row["audio_valid"] > 0.99 and row["video_valid"] > 0.99 for row in inner)


def test_a_live_playlist_keeps_its_offset(watched):
    rows = mirror.of(watched, "hls", 0)
    offsets, width = mirror.offsets(rows)
    assert len(offsets) >= 3
    assert np.abs(offsets).max() <= SAMPLE + width + 2e-6
    assert [row["window"] for row in rows] == list(range(len(rows)))


def test_who_joins_rtp_late_is_unlocked_until_the_sender_reports_and_exact_after(watched):
    before, after = (mirror.of(watched, LATE, epoch) for epoch in (0, 1))
    assert "unlocked" in {row["time_state"] for row in before} <= {"unlocked", None}
    assert {row["uncertainty_us"] for row in before} == {None}
    assert {row["time_state"] for row in after} <= {"exact", "quantised", None}
    offsets, width = mirror.offsets(after)
    assert len(offsets) >= 1
    assert np.abs(offsets).max() <= 1e-3 + width
    assert {row["epoch"] for row in mirror.of(watched, LATE)} == {0, 1}
