"""Live sources: exact time over every protocol, late joins never called exact, dead senders given up in time."""

import contextlib
import json
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import numpy as np
import pytest

import live
import truth
from runner import lines

WAYS = ["udp", "rtp", "tcp", "srt", "rtmp", "rtsp-tcp", "rtsp-udp"]
SAMPLE = 1 / 48_000
TICK = {"rtmp": 1e-3}
#: What ffmpeg itself may take before it connects.
PUBLISHER = 0.5
JOINS = int(os.environ.get("TANDEM_JOINS", 3))
GIVEN_UP = 69


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return live.make_clip(tmp_path_factory.mktemp("live") / "clip.mp4", 6)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    return live.make_clip(tmp_path_factory.mktemp("live") / "long.mp4", 14)


def heard_and_seen(tandem, name: str, *arguments, epoch: int = 0):
    """What `inspect` says of a source, and the offsets of an epoch's events."""
    wav, csv = tandem.work / f"{name}.wav", tandem.work / f"{name}.csv"
    files = ["--wav", wav, "--rate", truth.RATE, "--frames", csv, "--epoch", epoch]
    rows = lines(tandem.ok("inspect", "--json-windows", *files, *arguments))
    return rows, truth.offsets(truth.beeps(truth.sound(wav)[0]), truth.flashes(truth.frames(csv), epoch))


def options(way: live.Way) -> list[str]:
    return ["--live", ",".join(filter(None, [way.live, "opening=20s", "silence=1.5s"])), way.address]


def watch(tandem, clip, name: str):
    way = live.way(name)
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(heard_and_seen, tandem, name, *options(way))
        live.await_listener(way.address)
        with live.publishing(clip, way.target):
            return watching.result()


def first_record(tandem, clip, name: str):
    """Seconds from the publisher's first word to our first record, the record, and when the publisher began."""
    way = live.way(name)
    command = tandem.command("embed", "--format", "ndjson", "-o", "-", "--vectors", "none", "--limit", 1, *options(way))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        live.await_listener(way.address)
        wall, start = time.time(), time.monotonic()
        with live.publishing(clip, way.target):
            line = program.stdout.readline()
            took = time.monotonic() - start
            program.wait(timeout=30)
    return took, lines(line)[0], wall


@pytest.fixture(scope="module")
def watched(tandem, clip):
    """All protocols, some at a time: most of it is waiting for the clip to play."""
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(WAYS, pool.map(lambda name: watch(tandem, clip, name), WAYS)))


@pytest.fixture(scope="module")
def firsts(tandem, clip):
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(WAYS, pool.map(lambda name: first_record(tandem, clip, name), WAYS)))


@pytest.mark.parametrize("name", WAYS)
def test_sound_and_picture_keep_their_offset(watched, name):
    rows, offsets = watched[name]
    assert len(offsets) == 3
    assert np.abs(offsets).max() <= TICK.get(name, SAMPLE) + 2e-6
    assert {row["time_state"] for row in rows} <= {"exact", "quantised"}
    assert {row["epoch"] for row in rows} == {0}


@pytest.mark.parametrize("name", WAYS)
def test_nothing_of_an_undisturbed_stream_is_lost(watched, name):
    rows, _ = watched[name]
    assert len(rows) >= 5
    # Over RTP the sound begins before the picture, which so ends in a window more.
    assert all(row["audio_valid"] > 0.99 and row["video_valid"] > 0.99 for row in rows[1 : -2 if name == "rtp" else -1])


@pytest.mark.parametrize("name", WAYS)
def test_the_first_window_comes_two_seconds_after_its_end(firsts, name):
    took, row, _ = firsts[name]
    assert (row["epoch"], row["window"]) == (0, 0)
    assert took <= 2 + 2 + PUBLISHER, f"{took:.2f} s"


@pytest.mark.parametrize("name", WAYS)
def test_records_tell_when_they_were_captured(firsts, name):
    took, row, wall = firsts[name]
    told = datetime.fromisoformat(row["wall"].replace("Z", "+00:00")).timestamp()
    assert wall - 0.1 <= told <= wall + took
    assert 0 < row["wall_uncertainty_us"] < 2e6


def test_a_live_playlist(tandem, clip, tmp_path):
    hls = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "8", tmp_path / "x.m3u8"]
    with live.serving(tmp_path) as address, live.publishing(clip, hls):
        deadline = time.monotonic() + 10
        while not (tmp_path / "x.m3u8").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        rows, offsets = heard_and_seen(tandem, "hls", f"{address}/x.m3u8")
    assert len(offsets) >= 2
    assert np.abs(offsets).max() <= SAMPLE + 2e-6
    assert {row["time_state"] for row in rows} <= {"exact", "quantised"}
    assert all(row["wall"] for row in rows)


# MARK: RTP


def late_join(tandem, clip, folder, n: int):
    """Joins two RTP streams in their middle; the sender reports every five seconds."""
    at, description = live.port(), folder / f"{n}.sdp"
    with live.publishing(clip, live.rtp(at, description)):
        time.sleep(1.7 + 0.4 * (n % 5))
        return heard_and_seen(tandem, f"join{n}", "--live", "sdp,silence=1.5s", description, epoch=1)


def test_a_late_join_is_never_called_exact_before_the_reports_and_is_exact_after(tandem, long_clip, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        joins = list(pool.map(lambda n: late_join(tandem, long_clip, tmp_path, n), range(JOINS)))
    for rows, offsets in joins:
        assert {row["epoch"] for row in rows} == {0, 1}
        assert {row["time_state"] for row in rows if row["epoch"] == 0} <= {"unlocked", None}
        assert {row["uncertainty_us"] for row in rows if row["epoch"] == 0} == {None}
        assert {row["time_state"] for row in rows if row["epoch"] == 1} <= {"exact", "quantised"}
        assert len(offsets) >= 2
        # The sender tells its clock in whole milliseconds, and the figures are rounded.
        assert np.abs(offsets).max() <= 1e-3 + 1e-6


def test_a_session_description_is_refused_where_nobody_declares_it(tandem, tmp_path):
    description = tmp_path / "x.sdp"
    at = live.port()
    description.write_text(f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {at} RTP/AVP 0\n")
    done = tandem("inspect", description)
    assert done.returncode == 65


# MARK: Bad senders


def silent(connection):
    connection.recv(1000)
    time.sleep(20)


def dribble(connection):
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
    for _ in range(200):
        connection.sendall(b"\x47")
        time.sleep(0.1)


def endless_headers(connection):
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        connection.sendall(b"X: " + b"a" * 100 + b"\r\n")
        time.sleep(0.1)


def zeros(connection):
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65536))


@pytest.mark.parametrize("serve", [silent, dribble, endless_headers])
def test_a_server_that_never_gets_to_the_point_is_given_up_in_time(tandem, serve):
    with live.misbehaving(serve) as address:
        start = time.monotonic()
        done = tandem("inspect", address, "--live", "opening=2s")
        assert time.monotonic() - start <= 2 + 1
    assert done.returncode in (GIVEN_UP, 66)
    assert done.stderr.count(b"\n") == 1


def test_endless_zeros_are_no_media(tandem):
    with live.misbehaving(zeros) as address:
        start = time.monotonic()
        done = tandem("inspect", address)
        assert time.monotonic() - start <= 1.5
    assert done.returncode == 65


def test_a_server_that_begins_to_dribble_is_given_up_and_what_came_stands(tandem, clip, tmp_path):
    path = tmp_path / "x.ts"
    subprocess.run([*live.FFMPEG, "-i", clip, "-c", "copy", path], check=True)
    content = path.read_bytes()

    def serve(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + content[: len(content) * 2 // 3])
        for _ in range(200):
            connection.sendall(b"\x00")
            time.sleep(0.1)

    with live.misbehaving(serve) as address:
        start = time.monotonic()
        done = tandem("inspect", "--json-windows", address, "--live", "packet=2s")
        assert time.monotonic() - start <= 2 + 1.5
    assert done.returncode == 0
    assert b"nothing came from it for too long" in done.stderr
    assert len(lines(done.stdout)) >= 3


def test_a_track_that_changes_its_codec_ends_a_live_source_though_others_go_on(tandem, clip, long_clip, tmp_path):
    before, after = tmp_path / "before.ts", tmp_path / "after.ts"
    subprocess.run([*live.FFMPEG, "-i", clip, "-c", "copy", before], check=True)
    other = ["-c:v", "mpeg2video", "-c:a", "copy", "-output_ts_offset", "6"]
    subprocess.run([*live.FFMPEG, "-i", long_clip, *other, after], check=True)
    at = live.port()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(tandem, "inspect", "--json", f"tcp://127.0.0.1:{at}", "--live", "listen")
        live.await_listener(f"tcp://127.0.0.1:{at}")
        with socket.create_connection(("127.0.0.1", at)) as connection, contextlib.suppress(OSError):
            connection.sendall(before.read_bytes() + after.read_bytes())
        done = running.result()
    losses = json.loads(done.stdout)["losses"]
    assert losses["format"] == 1
    assert b"cannot be decoded any more" in done.stderr


def test_a_caller_that_nobody_answers_ends_in_time(tandem):
    start = time.monotonic()
    done = tandem("inspect", f"srt://127.0.0.1:{live.port()}", "--live", "listen,opening=1s")
    assert time.monotonic() - start <= 2
    assert done.returncode in (GIVEN_UP, 66)


@pytest.mark.parametrize("device", ["v4l2:///dev/no-such-camera", "alsa://no-such-microphone"])
def test_a_device_that_is_not_there_is_named(tandem, device):
    done = tandem("inspect", device)
    assert done.returncode in (65, 66)
    assert device.encode() in done.stderr.splitlines()[-1]  # ALSA's own library speaks before
