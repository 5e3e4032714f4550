"""The daemon under faults: what was acknowledged stays, what is hurt comes back, the others notice nothing.

`TANDEM_KILLS` and `TANDEM_RELOADS` are how often it is killed and told to reload, by default 5 and 100 times.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import pytest

import daemon
import live
from daemon import RecordReader, Replay, ids, serving, until
from runner import stand_in

KILLS = int(os.environ.get("TANDEM_KILLS", 5))
RELOADS = int(os.environ.get("TANDEM_RELOADS", 100))
#: Many records from little media.
DENSE = {"window": "200ms", "hop": "20ms"}


@contextlib.contextmanager
def playing(media, port: int):
    """A stream without an end to a UDP port, at its own speed."""
    loop = [*live.FFMPEG, "-re", "-stream_loop", "-1", "-i", media("aac.ts"), "-c", "copy", "-f", "mpegts"]
    command = [*map(str, loop), f"udp://127.0.0.1:{port}?pkt_size=1316"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def camera(port: int) -> dict:
    return {"url": f"udp://127.0.0.1:{port}"}


def add(folder: Path, media, names, clip: str = "beep.mp4") -> None:
    """Puts copies of a clip into a watched folder, each whole at once."""
    folder.mkdir(exist_ok=True)
    for name in names:
        draft = folder.parent / f"{name}.draft"
        shutil.copy(media(clip), draft)
        draft.rename(folder / f"{name}{Path(clip).suffix}")


def windows(rows: list[dict]) -> dict[str, dict[int, list[int]]]:
    """Windows by source and epoch, in their order."""
    found = defaultdict(lambda: defaultdict(list))
    for source, epoch, window in ids(rows):
        found[source][epoch].append(window)
    return found


def assert_once_in_order(rows: list[dict]) -> None:
    known = ids(rows)
    assert len(known) == len(set(known)), "twice"
    for source, epochs in windows(rows).items():
        assert list(epochs) == sorted(epochs), source
        assert all(each == sorted(each) for each in epochs.values()), source


def assert_gapless(rows: list[dict], source: str) -> None:
    """Each epoch of a source has all windows from its first on."""
    for epoch, each in windows(rows)[source].items():
        assert each == list(range(each[0], each[0] + len(each))), f"epoch {epoch}: {each}"


# MARK: Killed


def test_kill_9_loses_nothing_acknowledged_and_tears_nothing(tandem, media, tmp_path, beep_windows):
    dice, port, clips = random.Random(20), live.port(), tmp_path / "clips"
    sources = {"clips": {"url": clips}, "cam": camera(port)}
    acknowledged, starts, names = set(), [], []
    clips.mkdir()
    with playing(media, port):
        service = daemon.Daemon(tandem, tmp_path, sources, {"records": {"segment_size": "1MiB"}})
        try:
            for turn in range(KILLS):
                new = [f"{turn}-{n}" for n in range(4)]
                names += new
                add(clips, media, new)
                began = time.monotonic()
                service.start()
                starts.append(time.monotonic() - began)
                with contextlib.closing(Replay(service)) as replay:
                    time.sleep(dice.uniform(0.1, 1.8))
                    service.kill()
                acknowledged |= set(ids(replay.rows))
            service.start()
            until(lambda: service.source("cam")["epoch"] is not None)
            last = service.source("cam")["epoch"]
            until(lambda: windows(service.stored())["cam"].get(last))
            assert service.metric("tandem_store_total", what="store_damaged_segments") == 0
            assert service.stop() == 0
        finally:
            service.close()
    rows = service.segments()
    assert_once_in_order(rows)
    assert acknowledged <= set(ids(rows)), "acknowledged, and gone"
    found = windows(rows)
    assert {name: found[f"clips/{name}.mp4"] for name in names} == {name: {0: beep_windows} for name in names}
    epochs = list(found["cam"])
    assert last == epochs[-1] and last >= KILLS, epochs
    assert acknowledged and max(starts) <= 2, starts


# MARK: Sources


def test_a_stream_that_dies_and_returns_is_read_again_in_the_next_epoch(tandem, media, tmp_path):
    port = live.port()
    with serving(tandem, tmp_path, {"cam": camera(port)}, {"live": {"stall": "1s"}}) as service:
        with playing(media, port):
            until(lambda: service.source("cam")["windows"] >= 2)
            first = service.source("cam")["epoch"]
        until(lambda: service.source("cam")["state"] != "running", every=0.02)
        lost = service.source("cam")
        assert lost["last_error"]
        assert service.http("/readyz")[0] == 503
        assert service.http("/healthz")[0] == 200
        with playing(media, port):
            until(lambda: len(windows(service.stored())["cam"]) == 2)
            assert service.http("/readyz")[0] == 200
        assert service.metric("tandem_reconnects_total", source="cam") >= 1
        assert service.metric("tandem_worker_restarts_total", source="cam") == 0, "a silent sender is no dead worker"
        assert service.stop() == 0
        told = [line for line in service.log.splitlines() if line.startswith("tandem: cam: ")]
    assert told[0] == "tandem: cam: running" and lost["last_error"] in told[1], told
    assert re.fullmatch(r"tandem: cam: running again after \d+ s", told[2]), told
    rows = service.segments()
    assert_once_in_order(rows)
    epochs = list(windows(rows)["cam"])
    assert len(epochs) == 2 and epochs[0] == first < epochs[1]


def test_windows_of_a_directory_are_counted_whole(tandem, media, tmp_path, beep_windows):
    add(tmp_path / "clips", media, "abcdef")
    with serving(tandem, tmp_path, {"clips": {"url": tmp_path / "clips"}}) as service:
        until(lambda: len(service.stored()) == 6 * len(beep_windows))
        metrics = service.metrics()
        assert metrics["tandem_store_total", (("what", "store_records"),)] == 6 * len(beep_windows)
        assert metrics["tandem_windows_given_total", (("source", "clips"),)] == 6 * len(beep_windows)


def test_a_file_that_cannot_be_read_does_not_hold_up_its_directory(tandem, media, tmp_path, beep_windows):
    clips = tmp_path / "clips"
    clips.mkdir()
    with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service:
        (tmp_path / "draft").symlink_to(tmp_path / "nowhere.mp4")
        (tmp_path / "draft").rename(clips / "a.mp4")
        add(clips, media, "b")
        until(lambda: len(service.stored()) == len(beep_windows))
        losses = {key: value for key, value in service.metrics().items() if "files_missing" in str(key)}
        assert list(losses.values()) == [1]


# MARK: Clients


def silent_http(service) -> socket.socket:
    """Asks for a stream and takes nothing of it."""
    client = socket.socket(socket.AF_UNIX)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(str(service.http_socket))
    client.sendall(b"GET /v1/records HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n")
    return client


def test_a_client_that_never_reads_loses_alone_and_memory_stays_bounded(tandem, media, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    with serving(tandem, tmp_path, {"clips": {"url": clips}}, DENSE) as service, contextlib.ExitStack() as stack:
        reader = stack.enter_context(contextlib.closing(RecordReader(service.records_socket)))
        replay = stack.enter_context(contextlib.closing(Replay(service)))
        idle = stack.enter_context(socket.socket(socket.AF_UNIX))
        idle.connect(str(service.records_socket))
        stack.enter_context(silent_http(service))
        before = service.megabytes()
        for name in "abc":  # each is less than what waits for a reader: one who reads at all loses nothing
            add(clips, media, name, "aac.ts")
            until(lambda: len(windows(replay.rows).get(f"clips/{name}.ts", {0: []})[0]) >= 1000, within=20)
            count = len(service.stored())
            until(lambda: len(replay.rows) >= count, within=20)
            until(lambda: len(ids(reader.rows)) >= count, within=20)
        assert sorted(ids(replay.rows)) == sorted(ids(service.stored()))
        assert sorted(ids(reader.rows)) == sorted(ids(replay.rows))
        assert service.metric("tandem_readers_total", what="batches_dropped") > 0
        assert service.metric("tandem_readers_total", what="records_dropped") > 0
        assert service.metric("tandem_http_records_dropped_total") > 0
        assert service.megabytes() - before <= 60
        assert service.stop() == 0


def flood(path: Path, content: bytes, seconds: float = 0.3) -> None:
    """Sends until the other side hangs up."""
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(seconds)
        client.connect(str(path))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            client.sendall(content)


def test_floods_and_garbage_at_both_sockets_cost_only_their_senders(tandem, media, tmp_path, beep_windows):
    dice, clips = random.Random(4), tmp_path / "clips"
    clips.mkdir()
    with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service:
        with contextlib.closing(RecordReader(service.records_socket)) as reader:
            add(clips, media, "a")
            until(lambda: len(ids(reader.rows)) >= len(beep_windows))
            before, descriptors = service.megabytes(), service.descriptors()
            garbage = [dice.randbytes(65536), bytes(65536), b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000]
            garbage += [b"GET /" + b"a" * 65536, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"]
            garbage += [b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100]
            for content in garbage:
                for path in (service.records_socket, service.http_socket):
                    flood(path, content)
            add(clips, media, "b")
            until(lambda: len(ids(reader.rows)) >= 2 * len(beep_windows))
            assert service.http("/healthz") == (200, b"ok\n")
            until(lambda: service.descriptors() <= descriptors + 2)
            assert service.megabytes() - before <= 40
            service.assert_alive()
        assert service.stop() == 0


# MARK: The machine


@contextlib.contextmanager
def tiny_disk(folder: Path, size: str):
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_a_full_disk_holds_recorded_sources_up_and_nothing_is_lost(tandem, media, tmp_path, beep_windows):
    clips = tmp_path / "clips"
    add(clips, media, "ab")
    # Less than the 64 MiB that the store keeps free of a larger disk.
    with tiny_disk(tmp_path / "state", "32m") as state:
        with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service:
            until(lambda: len(service.stored()) == 2 * len(beep_windows))
            fill(state / "filler")
            more = [f"more-{n}" for n in range(40)]
            add(clips, media, more)
            until(lambda: service.http("/readyz")[0] == 503)
            assert b"records:" in service.http("/readyz")[1]
            time.sleep(1)
            service.assert_alive()
            assert service.http("/healthz")[0] == 200
            (state / "filler").unlink()
            until(lambda: service.http("/readyz")[0] == 200)
            until(lambda: len(service.stored()) >= 42 * len(beep_windows))
            assert service.stop() == 0
        rows = service.segments()
    assert_once_in_order(rows)
    found = windows(rows)
    assert {name: found[f"clips/{name}.mp4"] for name in more} == {name: {0: beep_windows} for name in more}


def test_a_full_disk_has_room_again_when_less_is_to_be_kept(tandem, media, tmp_path):
    clips = tmp_path / "clips"
    add(clips, media, "abcdefghijkl")
    settings = {"window": "100ms", "hop": "10ms", "records": {"segment_size": "1MiB"}}
    with tiny_disk(tmp_path / "state", "32m") as state:
        with serving(tandem, tmp_path, {"clips": {"url": clips}}, settings) as service:
            until(lambda: service.metric("tandem_files_total", source="clips") == 12)
            until(lambda: len(list((state / "records").glob("*.arrows"))) >= 6)
            fill(state / "filler")
            add(clips, media, "xyz")
            until(lambda: service.http("/readyz")[0] == 503)
            service.settings["records"]["keep_size"] = "1MiB"
            service.write_config()
            hang_up(service)
            until(lambda: service.http("/readyz")[0] == 200)
            until(lambda: service.metric("tandem_files_total", source="clips") == 15)
            assert service.stop() == 0


def test_a_source_for_which_there_is_no_thread_begins_when_there_is_one(tandem, media, tmp_path, beep_windows):
    clips, trigger = tmp_path / "clips", tmp_path / "no-threads"
    add(clips, media, "a")
    surroundings = {
        "LD_PRELOAD": str(stand_in("no_threads", tmp_path)), "NO_THREADS": str(trigger), "WATCHDOG_USEC": "1000000"
    }
    with serving(tandem, tmp_path, environment=surroundings) as service:
        trigger.touch()
        service.write_config({"clips": {"url": clips}})
        hang_up(service)
        until(lambda: "no thread" in service.log)
        trigger.unlink()
        until(lambda: len(service.stored()) == len(beep_windows))
        assert service.stop() == 0


def test_what_is_lost_while_the_disk_is_full_is_written_anew(tandem, media, tmp_path):
    clips, trigger = tmp_path / "clips", tmp_path / "disk"
    add(clips, media, "a")
    surroundings = {"LD_PRELOAD": str(stand_in("failing_disk", tmp_path)), "FAILING_DISK": str(trigger)}
    with serving(tandem, tmp_path, {"clips": {"url": clips}}, DENSE, environment=surroundings) as service:
        until(lambda: service.metric("tandem_finished_files") == 1)
        whole = windows(service.stored())["clips/a.mp4"][0]
        trigger.write_text("2")
        add(clips, media, "b")
        until(lambda: service.metric("tandem_finished_files") == 2)
        assert not trigger.exists(), "the disk did not fail"
        assert service.metric("tandem_store_total", what="store_lost_records") > 0
        assert service.stop() == 0
    rows = service.segments()
    assert_once_in_order(rows)
    assert windows(rows) == {f"clips/{name}.mp4": {0: whole} for name in "ab"}


def test_without_descriptors_new_clients_are_refused_and_old_ones_served(tandem, media, tmp_path):
    port = live.port()
    limit = {"prefix": ["prlimit", "--nofile=64:64"], "environment": {"WATCHDOG_USEC": "2000000"}}
    with playing(media, port), serving(tandem, tmp_path, {"cam": camera(port)}, **limit) as service:
        until(lambda: service.source("cam")["windows"])
        with contextlib.closing(RecordReader(service.records_socket)) as reader, contextlib.ExitStack() as stack:
            until(lambda: reader.rows)
            for n in range(80):
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                with contextlib.suppress(OSError):
                    client.connect(str(service.records_socket if n % 2 else service.http_socket))
            until(lambda: service.descriptors() >= 60)
            before = len(reader.rows)
            until(lambda: len(reader.rows) >= before + 4)
            service.assert_alive()
            assert list(windows(reader.rows)["cam"]) == [0]
            assert_gapless(reader.rows, "cam")
            beats, used, began = len(service.manager.times("WATCHDOG=1")), service.processor_time(), time.monotonic()
            until(lambda: len(service.manager.times("WATCHDOG=1")) >= beats + 3)
            busy = (service.processor_time() - used) / (time.monotonic() - began)
            assert busy < 0.7, f"{busy:.2f} of a core: it looks for newcomers again and again"
        until(lambda: service.descriptors() <= 50)
        assert service.http("/healthz")[0] == 200
        assert service.source("cam")["reconnects"] == 0
        assert service.stop() == 0


# MARK: The operator


def hang_up(service) -> None:
    """SIGHUP, and waits until it is done."""
    before = len(service.manager.times("READY=1"))
    service.process.send_signal(signal.SIGHUP)
    until(lambda: len(service.manager.times("READY=1")) > before, every=0.002)


def test_bad_reloads_change_nothing_and_leak_nothing(tandem, media, tmp_path):
    port, clips = live.port(), tmp_path / "clips"
    clips.mkdir()
    with playing(media, port), serving(tandem, tmp_path, {"cam": camera(port)}) as service:
        until(lambda: service.source("cam")["windows"])
        good = service.config.read_text()
        broken = [good + "nonsense: 1\n", good.replace("500ms", "0s"), "sources: [", "\0\xff", good + good]
        for n in range(5):
            service.config.write_text(broken[n])
            hang_up(service)
        before, descriptors = service.megabytes(), service.descriptors()
        for n in range(RELOADS):
            service.config.write_text(broken[n % len(broken)])
            hang_up(service)
        assert service.metric("tandem_reloads_total", result="failed") == RELOADS + 5
        assert service.metric("tandem_reloads_total", result="done") == 0
        until(lambda: service.descriptors() <= descriptors)
        assert service.megabytes() - before <= 4
        assert service.source("cam")["state"] == "running" and service.source("cam")["reconnects"] == 0

        service.write_config({"cam": camera(port), "clips": {"url": clips}})
        hang_up(service)
        assert service.source("clips")["name"] == "clips"
        assert service.source("cam")["reconnects"] == 0
        service.write_config({"clips": {"url": clips}})
        hang_up(service)
        assert service.http("/v1/sources/cam")[0] == 404
        assert service.metric("tandem_reloads_total", result="done") == 2
        assert service.stop() == 0
    rows = service.segments()
    assert list(windows(rows)["cam"]) == [0]
    assert_gapless(rows, "cam")


def test_a_secret_in_an_address_is_nowhere(tandem, media, tmp_path):
    canary = "CANARY7f3a"
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/door").write_text(canary)
    sources = {
        "user": {"url": f"rtsp://user:{canary}@127.0.0.1:1/x"},
        "query": {"url": f"http://127.0.0.1:1/x.ts?token={canary}"},
        "filled": {"url": "rtsp://user:${credential:door}@127.0.0.1:1/x"},
    }
    clips = tmp_path / "clips"
    add(clips, media, "a")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    with serving(tandem, tmp_path, sources | {"clips": {"url": clips}}, environment=environment) as service:
        until(lambda: all(service.source(name)["reconnects"] >= 2 for name in sources))
        until(service.stored)
        service.config.write_text(service.config.read_text().replace("    url", "    hue: 1\n    url"))
        hang_up(service)
        said = {path: service.http(path)[1].decode() for path in ("/v1/sources", "/metrics", "/readyz", "/healthz")}
        said |= {"told": str(service.manager.told), "records": str(service.stored())}
        for process in [service.pid, *daemon.descendants(service.pid)]:
            for name in ("cmdline", "environ", "comm"):
                with contextlib.suppress(OSError):
                    said[f"{name} of {process}"] = Path(f"/proc/{process}/{name}").read_text(errors="replace")
        body = f"url: rtsp://user:{canary}@127.0.0.1:1/x\nhue: 1\n"
        said["refused body"] = service.http("/v1/sources/new", "PUT", body.encode())[1].decode()
        said["log"] = service.log
        assert service.log, "it said nothing, so that nothing is shown"
        assert service.stop() == 0
        said["log"] = service.log
    said |= {str(path): path.read_text(errors="replace") for path in service.state.rglob("*") if path.is_file()}
    assert [where for where, text in said.items() if canary in text] == []


# MARK: The service manager


def test_the_service_manager_is_told_what_it_wants_to_know(tandem, media, tmp_path):
    add(tmp_path / "clips", media, "a")
    watched = {"WATCHDOG_USEC": "2000000"}
    with serving(tandem, tmp_path, {"clips": {"url": tmp_path / "clips"}}, environment=watched) as service:
        time.sleep(3)
        assert len(service.manager.times("READY=1")) == 1
        beats = service.manager.times("WATCHDOG=1")
        assert len(beats) >= 3 and max(b - a for a, b in zip(beats, beats[1:])) < 1
        before = time.monotonic_ns() // 1000
        hang_up(service)
        (reloading,) = [words for _, words in service.manager.told if "RELOADING=1" in words.split("\n")]
        (moment,) = [int(line.split("=")[1]) for line in reloading.split("\n") if line.startswith("MONOTONIC_USEC=")]
        assert before <= moment <= time.monotonic_ns() // 1000
        assert len(service.manager.times("READY=1")) == 2
        assert not service.manager.times("STOPPING=1")
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began <= 10
        assert len(service.manager.times("STOPPING=1")) == 1
    assert service.log.splitlines() == [
        "tandem: ready, sources: 1", f"tandem: {service.config} is taken over: nothing changed"]


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="systemd-socket-activate is not here")
def test_sockets_of_the_service_manager_are_taken_over(tandem, media, tmp_path, beep_windows):
    add(tmp_path / "clips", media, "a")
    records, http = tmp_path / "r.sock", tmp_path / "h.sock"
    activate = ["systemd-socket-activate", "-l", records, "-l", http, "--fdname=records:http"]
    passed = [word for name in ("NOTIFY_SOCKET", "PATH") for word in ("-E", name)]
    start = {"prefix": [*activate, *passed], "is_ready": False}
    with serving(tandem, tmp_path, {"clips": {"url": tmp_path / "clips"}}, **start) as service:
        until(records.exists)
        until(http.exists)
        # It starts the daemon for the first that comes, who is served too.
        with contextlib.closing(RecordReader(records)) as reader:
            service.await_ready()
            assert service.http("/healthz")[0] == 200
            until(lambda: len(ids(service.stored())) == len(beep_windows))
            add(tmp_path / "clips", media, "b")
            until(lambda: "clips/b.mp4" in windows(reader.rows))
            assert service.stop() == 0
            until(lambda: reader.is_whole)
    assert records.exists() and http.exists(), "they are not the daemon's to remove"
