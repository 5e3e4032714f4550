"""What the daemon does not do as it should, each as the smallest story that shows it. Run by name alone:
`pytest Tests/Path/known_faults.py`. A story that passes moves to test_serve_mended.py."""

import contextlib
import time

import pytest

import live
import mirror
import relay
from daemon import RecordReader, serving, until

SECONDS = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return live.make_clip(tmp_path_factory.mktemp("defects") / "clip.mp4", SECONDS, live.HUMMING)


# MARK: A sender that begins shortly before the time to open is over


def test_a_stream_that_begins_late_is_not_cut_off(tandem, clip, tmp_path):
    way = live.way("rtp")
    settings = {"window": "100ms", "hop": "100ms", "live": {"open": "3s", "stall": "3s"}}
    with serving(tandem, tmp_path, {"cam": {"url": way.address}}, settings) as service:
        live.await_listener(way.address)
        time.sleep(2.2)  # it is open after some 1.3 s of stream
        with live.publishing(clip, way.target):
            until(lambda: service.source("cam")["windows"] >= 60, within=15)
            assert service.source("cam")["reconnects"] == 0, service.source("cam")["last_error"]


# MARK: What was lost is not counted


def test_lost_packets_of_rtp_are_counted(tandem, clip, tmp_path):
    at, description = live.port(), tmp_path / "x.sdp"
    with relay.camera(at, description, (relay.lossy(0.02, 3), relay.whole)) as (one, url):
        with serving(tandem, tmp_path) as service, live.publishing(clip, live.rtp(at, description)) as published:
            until(description.exists)
            assert service.http("/v1/sources/cam", "PUT", f"{{url: {url}, transport: udp}}".encode())[0] == 201
            published.wait(timeout=20)
            until(lambda: service.source("cam")["state"] != "running")
            assert one.crossings[0].lost > 5
            found = {dict(key)["reason"]: value for (family, key), value in service.metrics().items()
                     if family == "tandem_source_losses_total" and value}
            start = {"silent", "video_packets_before_key", "video_stamps_rejected"}
            assert set(found) - start, found


# MARK: Sound out of its place is called whole and exact


@pytest.mark.parametrize("kind, rule", [
    ("udp", relay.shuffled(0.05, 1)), ("udp", relay.repeated(0.05, 1)), ("rtp", relay.repeated(0.05, 1)),
    ("rtp", relay.lossy(0.01, 3)),
], ids=["udp-shuffled", "udp-repeated", "rtp-repeated", "rtp-lossy"])
def test_what_is_called_whole_and_exact_is_the_sound_of_its_moment(tandem, clip, tmp_path, kind, rule):
    ways, crossings = {"cam": live.way(kind), "twin": live.way("udp")}, {"cam": rule, "twin": relay.whole}
    with contextlib.ExitStack() as stack:
        sources = {name: {"url": way.address} for name, way in ways.items()}
        service = stack.enter_context(serving(tandem, tmp_path, sources, mirror.settings(tmp_path)))
        reader = stack.enter_context(contextlib.closing(RecordReader(service.records_socket, None)))
        published = []
        for name, way in ways.items():
            at = live.port()
            live.await_listener(way.address)
            stack.enter_context(relay.relaying(at, int(way.address.split(":")[-1]), crossings[name]))
            scheme = way.address.split(":")[0]
            target = [str(word).replace(way.address, f"{scheme}://127.0.0.1:{at}") for word in way.target]
            published.append(stack.enter_context(live.publishing(clip, target)))
        for process in published:
            process.wait(timeout=20)
        until(lambda: all(service.source(name)["state"] != "running" for name in ways))
        time.sleep(0.5)
        rows, twin = mirror.of(reader.rows, "cam", 0), mirror.sound(mirror.of(reader.rows, "twin", 0))[0]
    strange = mirror.astray(rows, twin)
    wrong = [
        row["window"] for before, row, after in zip(rows[5:], rows[6:], rows[7:])
        if min(each["audio_valid"] for each in (before, row, after)) > 0.99 and row["time_state"] == "exact"
        and strange[row["window"] * mirror.PART : (row["window"] + 1) * mirror.PART].any()]
    assert not wrong
