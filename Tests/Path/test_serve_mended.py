"""What the daemon once did not do as it should, each as the smallest story that shows it."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time

import numpy as np
import pytest

import live
import mirror
import relay
from daemon import serving, until
from test_serve_clock import HOUR, SETTINGS, WATCHDOG, Clock
from test_serve_faults import add, camera, hang_up, playing

SECONDS = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return live.make_clip(tmp_path_factory.mktemp("defects") / "clip.mp4", SECONDS, live.HUMMING)


# MARK: With an encoder that is another program, signals are heard


@pytest.mark.parametrize("way", ["stop", "reload"])
def test_a_daemon_with_an_encoder_of_its_own_hears_signals(tandem, tmp_path, way):
    with serving(tandem, tmp_path, {}, mirror.settings(tmp_path)) as service:
        if way == "stop":
            assert service.stop() == 0
        else:
            hang_up(service)
            assert service.metric("tandem_reloads_total", result="done") == 1


# MARK: What was lost is counted while the connection goes on


def test_losses_of_a_source_are_counted_while_it_goes(tandem, clip, tmp_path):
    way, at = live.way("udp"), live.port()
    target = [str(word).replace(way.address, f"udp://127.0.0.1:{at}") for word in way.target]
    rule = relay.lossy(0.05, 1)
    with serving(tandem, tmp_path, {"cam": {"url": way.address}}) as service:
        live.await_listener(way.address)
        with relay.relaying(at, int(way.address.split(":")[-1]), rule), live.publishing(clip, target):
            until(lambda: service.source("cam")["windows"] >= 14)
            assert service.source("cam")["state"] == "running"
            assert service.metric("tandem_source_losses_total", source="cam", reason="video_corrupt_packets") > 0


def test_requests_to_an_encoder_of_its_own_are_counted(tandem, media, tmp_path):
    add(tmp_path / "clips", media, "a")
    with serving(tandem, tmp_path, {"clips": {"url": tmp_path / "clips"}}, mirror.settings(tmp_path)) as service:
        until(lambda: service.metric("tandem_windows_given_total", source="clips") >= 40)
        assert any("encoder" in name for name, _ in service.metrics())


# MARK: Sound out of its place is not called exact


def test_one_lost_packet_of_a_transport_stream_moves_no_sound_without_a_word(tandem, clip, tmp_path):
    whole, torn = tmp_path / "whole.ts", tmp_path / "torn.ts"
    subprocess.run([*live.FFMPEG, "-i", clip, "-c", "copy", "-f", "mpegts", whole], check=True)
    packets = [whole.read_bytes()[at : at + 188] for at in range(0, whole.stat().st_size, 188)]
    sound = [n for n, packet in enumerate(packets) if (packet[1] & 0x1F) << 8 | packet[2] == 0x101]
    # The third of a PES packet of fourteen or so AAC frames, which have one stamp together.
    tenth = [n for n in sound if packets[n][1] & 0x40][10]
    lost = sound[sound.index(tenth) + 2]
    torn.write_bytes(b"".join(packet for n, packet in enumerate(packets) if n != lost))
    heard = [tandem.sound(path) for path in (whole, torn)]
    rows = tandem.windows("--window", "100ms", "--hop", "100ms", torn)
    for before, row, after in zip(rows, rows[1:], rows[2:]):
        stretch = slice(4800 * row["window"], 4800 * (row["window"] + 1))
        wrong = (np.abs(heard[0][stretch] - heard[1][stretch]) > 0.05) & (heard[1][stretch] != 0)
        if min(each["audio_valid"] for each in (before, row, after)) > 0.99 and row["uncertainty_us"] < 1000:
            assert not wrong.any(), f"window {row['window']}: {wrong.mean():.0%} of what is called {row['time_state']}"


# MARK: A sender that begins shortly before the time to open is over


def test_a_stream_that_begins_late_is_not_cut_off(tandem, clip, tmp_path):
    way, at = live.way("rtp"), live.port()
    target = [str(word).replace(way.address, f"rtp://127.0.0.1:{at}") for word in way.target]
    settings = {"window": "100ms", "hop": "100ms", "live": {"open": "3s", "stall": "3s"}}
    with serving(tandem, tmp_path, {"cam": {"url": way.address}}, settings) as service:
        live.await_listener(way.address)
        begin = time.monotonic() + 2.4  # it is open after about a second of stream

        def late(n: int, seconds: float) -> tuple[int, ...]:
            return relay.PASSED if time.monotonic() >= begin else ()

        with relay.relaying(at, int(way.address.split(":")[-1]), late), live.publishing(clip, target):
            until(lambda: service.source("cam")["windows"] >= 60, within=15)
            assert service.source("cam")["reconnects"] == 0, service.source("cam")["last_error"]


# MARK: The clock


def stepped(tandem, media, folder, *steps: int, **records):
    clock, port = Clock(folder), live.port()
    environment = clock.environment | {"WATCHDOG_USEC": str(WATCHDOG * 10**6)}
    settings = SETTINGS | {"records": SETTINGS["records"] | records}
    sources = {"cam": camera(port)}
    with playing(media, port), serving(tandem, folder, sources, settings, environment=environment) as service:
        until(lambda: service.source("cam")["windows"] >= 30)
        for step in steps:
            clock.set(step)
            moment = time.monotonic()
            time.sleep(3)
        return service.metrics(), [told - moment for told in service.manager.times("WATCHDOG=1") if told > moment]


def test_signs_of_life_go_on_when_the_clock_is_set_back(tandem, media, tmp_path):
    _, beats = stepped(tandem, media, tmp_path, -HOUR)
    assert len(beats) >= 3


def test_a_clock_set_forth_does_not_delete_what_was_stored_this_minute(tandem, media, tmp_path):
    metrics, _ = stepped(tandem, media, tmp_path, HOUR, keep_age="30m")
    assert metrics.get(("tandem_store_total", (("what", "store_expired_records"),)), 0) == 0


# MARK: Nobody reads the log


def test_a_log_that_nobody_reads_holds_nothing_up_and_tells_what_was_lost(tandem, tmp_path):
    theirs, ours = os.pipe()
    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 4096)
    with serving(tandem, tmp_path, stderr=ours) as service:
        os.close(ours)
        for n in range(3000):
            assert service.http("/v1/sources/x", "PUT", f"{{url: /nowhere/{n}, enabled: false}}".encode())[0] < 300
        lost = service.metric("tandem_log_lines_lost_total")
        assert lost > 100
        assert service.http("/healthz")[0] == 200
        with open(theirs, "rb") as log:
            os.set_blocking(theirs, False)
            until(lambda: not log.read(1 << 20))
            service.http("/v1/sources/x", "PUT", b"{url: /nowhere, enabled: false}")
            assert f"lines of this log that were lost: {lost:.0f}" in until(lambda: log.read(1 << 20)).decode()
            assert service.stop() == 0


# MARK: Overload


def test_too_slow_an_encoder_gives_a_part_of_the_windows_however_small_the_buffer(tandem, media, tmp_path):
    recipe, ports = tmp_path / "slow.yaml", {name: live.port() for name in ("one", "two")}
    recipe.write_text(f"name: slow\nvideo: {{command: [{sys.executable}, {mirror.ENCODER}, video, '0.12'], fps: 8}}\n")
    settings = {"model": recipe, "window": "500ms", "hop": "500ms", "limits": {"source_buffer": "1MiB"}}
    sources = {name: camera(port) for name, port in ports.items()}
    with contextlib.ExitStack() as stack:
        for port in ports.values():
            stack.enter_context(playing(media, port))
        service = stack.enter_context(serving(tandem, tmp_path, sources, settings))
        until(lambda: all(service.metric("tandem_windows_due_total", source=name) >= 20 for name in ports), within=30)
        given = {name: service.metric("tandem_windows_given_total", source=name) for name in ports}
        assert min(given.values()) >= 4, f"twice too much, and not a fifth comes of it: {given}"


# MARK: Sources that are removed, not to run, never there, or urls of files


def test_removed_sources_leave_no_decoder_and_no_lane_behind(tandem, media, tmp_path):
    sources = {f"file-{n}": {"url": media("beep.mp4")} for n in range(6)}
    with serving(tandem, tmp_path, sources) as service:
        until(lambda: all(service.source(name)["state"] == "finished" for name in sources))
        assert len(service.workers()) >= 6
        service.write_config({})
        hang_up(service)
        until(lambda: len(service.workers()) <= 1)
        # What they gave is still to be had by their names.
        assert len({row["source"] for row in service.stored()}) == 6
        status, _ = service.http("/v1/records?from=1:0&source=none&vectors=none")
        assert status == 404


def test_a_source_that_is_not_to_run_is_listed_and_can_be_taken_away(tandem, media, tmp_path):
    with serving(tandem, tmp_path, {"off": {"url": media("beep.mp4"), "enabled": "false"}}) as service:
        assert service.source("off")["state"] == "disabled" and service.http("/readyz")[0] == 200
        body = f"url: {media('beep.mp4')}\nenabled: false\n"
        assert service.http("/v1/sources/more", "PUT", body)[0] == 201
        assert service.source("more")["state"] == "disabled"
        assert service.http("/v1/sources/more", "PUT", body.replace("false", "true"))[0] == 200
        until(lambda: service.source("more")["state"] == "finished")
        assert service.http("/v1/sources/off", "DELETE")[0] == 204 and service.http("/v1/sources/off")[0] == 404
        assert service.stop() == 0
    assert {row["source"] for row in service.segments()} == {"more"}


def test_a_source_that_never_came_gives_no_record(tandem, tmp_path):
    with serving(tandem, tmp_path, {"away": {"url": f"tcp://127.0.0.1:{live.port()}"}}) as service:
        until(lambda: service.source("away")["reconnects"] >= 1)
        assert service.stop() == 0
    assert service.segments() == []


def test_a_url_of_a_file_is_the_file(tandem, media, tmp_path, beep_windows):
    with serving(tandem, tmp_path, {"one": {"url": f"file://{media('beep.mp4')}"}}) as service:
        until(lambda: service.source("one")["state"] == "finished" and len(service.stored()) == len(beep_windows))


def test_a_request_with_an_error_is_told_its_own_line_and_parameters_that_are_unknown(tandem, tmp_path):
    with serving(tandem, tmp_path) as service:
        status, text = service.http("/v1/sources/x", "PUT", b"url: /x\nuri: /y\n")
        assert status == 400 and b"request:2: sources.x: unknown key" in text, text
        for path in ("/healthz?x=1", "/v1/sources?x=1", "/metrics?name=a"):
            assert service.http(path)[0] == 400, path


def test_a_group_that_nobody_has_is_an_error_of_the_configuration(tandem, tmp_path):
    with serving(tandem, tmp_path) as service:
        assert service.stop() == 0
        done = tandem("serve", "--set", "records.group=nosuchgroup", service.config)
    assert done.returncode == 78 and b"records.group: no group is named nosuchgroup" in done.stderr
