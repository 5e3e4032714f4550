"""Live sources over a bad network: what was lost is missing and nothing else, and what is there is where it belongs.

The seeds of the losses are few by default and more with `TANDEM_LONG=1`.
"""

import contextlib
import re
import time
from pathlib import Path

import numpy as np
import pytest

import live
import mirror
import relay
import truth
from daemon import RecordReader, serving, until
from runner import long_run

SEEDS = range(1, 6) if long_run() else range(1, 2)
#: The sender of RTP reports every five seconds: two events come after its first report.
SECONDS = 12
BURST = 0.3
SAMPLE, PICTURE = 1 / 48_000, 0.04
#: Of the sender's clock, which ffmpeg tells in whole milliseconds.
SENDER = 1e-3
#: Before the first window that is judged: a sender that is joined in the middle of what lacks its beginning.
SETTLED = 5
WHOLE = "udp-whole"
#: By the name of the source: over MPEG-TS in datagrams, over the same in RTP, and over RTP of a camera.
RULES = {
    WHOLE: lambda seed: relay.whole,
    "udp-1": lambda seed: relay.lossy(0.01, seed),
    "udp-5": lambda seed: relay.lossy(0.05, seed),
    "udp-burst": lambda seed: relay.bursty(2.2, BURST),
    "udp-shuffled": lambda seed: relay.shuffled(0.05, seed),
    "udp-repeated": lambda seed: relay.repeated(0.05, seed),
    "rtp-1": lambda seed: relay.lossy(0.01, seed),
    "rtp-burst": lambda seed: relay.bursty(2.2, BURST),
    "rtp-shuffled": lambda seed: relay.shuffled(0.05, seed),
    "rtp-repeated": lambda seed: relay.repeated(0.05, seed),
    "rtsp-1": lambda seed: relay.lossy(0.01, seed),
    "rtsp-5": lambda seed: relay.lossy(0.05, seed),
    "rtsp-burst": lambda seed: relay.bursty(2.2, BURST),
    "rtsp-shuffled": lambda seed: relay.shuffled(0.05, seed),
}
#: Where one packet of the sound holds many stretches, what follows a loss in it has no stamp of its own.
TRUE = [name for name in RULES if name not in ("rtp-1", "rtsp-5")]
#: Nothing is missing, and all can be put right.
MENDED = ["udp-shuffled", "udp-repeated", "rtp-shuffled", "rtp-repeated"]
TORN = [name for name in RULES if "-1" in name or "-5" in name or "-burst" in name]


class Disturbed:
    """What came of all sources, and how many datagrams of each were lost."""

    def __init__(self, tandem, folder, clip, seed: int):
        self.lost: dict[str, int] = {}
        crossings, targets, late = {}, {}, {}
        with contextlib.ExitStack() as stack:
            service = stack.enter_context(serving(tandem, folder, {}, mirror.settings(folder)))
            reader = stack.enter_context(contextlib.closing(RecordReader(service.records_socket, None)))

            def put(name: str, url: str):
                assert service.http(f"/v1/sources/{name}", "PUT", f"{{url: {url}, transport: udp}}".encode())[0] == 201

            for name, rule in RULES.items():
                kind, at = name.split("-")[0], live.port()
                if kind == "rtsp":
                    rules = rule(seed), rule(seed + 100)
                    description = folder / f"{name}.sdp"
                    camera, late[name] = stack.enter_context(relay.camera(at, description, rules))
                    crossings[name], targets[name] = camera.crossings, live.rtp(at, description)
                else:
                    way = live.way(kind)
                    put(name, way.address)
                    live.await_listener(way.address)
                    crossing = relay.relaying(at, int(way.address.split(":")[-1]), rule(seed))
                    crossings[name] = [stack.enter_context(crossing)]
                    targets[name] = [str(word).replace(way.address, f"{kind}://127.0.0.1:{at}") for word in way.target]
            published = [stack.enter_context(live.publishing(clip, target)) for target in targets.values()]
            for name, url in late.items():
                until((folder / f"{name}.sdp").exists)
                put(name, url)
            for process in published:
                process.wait(timeout=SECONDS + 10)
            until(lambda: all(service.source(name)["state"] != "running" for name in RULES))
            time.sleep(0.5)
            service.assert_alive()
            assert service.http("/healthz")[0] == 200
            self.metrics = service.metrics()
            self.rows = list(reader.rows)
        self.lost = {name: sum(each.lost for each in crossings[name]) for name in RULES}
        self.twin = mirror.sound(self.of(WHOLE)[0])[0]

    def of(self, name: str) -> list[list[dict]]:
        """The records of a source, by epoch."""
        rows = mirror.of(self.rows, name)
        return [mirror.of(rows, name, epoch) for epoch in sorted({row["epoch"] for row in rows})]

    def reasons(self) -> set[str]:
        """Of all losses of all sources."""
        return {dict(key)["reason"] for family, key in self.metrics if family == "tandem_source_losses_total"}

    def counted(self, name: str) -> dict[str, float]:
        found = {dict(key).get("reason"): value for (family, key), value in self.metrics.items()
                 if family == "tandem_source_losses_total" and ("source", name) in key}
        return {reason: value for reason, value in found.items() if value}


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed{seed}")
def disturbed(tandem, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("loss")
    clip = live.make_clip(folder / "clip.mp4", SECONDS, live.HUMMING)
    return Disturbed(tandem, folder, clip, request.param)


@pytest.mark.parametrize("name", RULES)
def test_windows_go_on_without_a_gap(disturbed, name):
    for rows in disturbed.of(name):
        assert [row["window"] for row in rows] == list(range(len(rows)))
        assert sum(row["dropped"] for row in rows) == 0
    labels = (("source", name),)
    due, given = (disturbed.metrics[f"tandem_windows_{word}_total", labels] for word in ("due", "given"))
    assert due == given == len(mirror.of(disturbed.rows, name)) >= 10 * (SECONDS - 2)


@pytest.mark.parametrize("name", TRUE)
def test_what_is_called_whole_is_the_sound_of_its_moment(disturbed, name):
    compared = 0
    for rows in disturbed.of(name):
        strange = mirror.astray(rows, disturbed.twin)
        for before, row, after in zip(rows[SETTLED:], rows[SETTLED + 1 :], rows[SETTLED + 2 :]):
            # A codec's stretches overlap: the first one after a hole is right only in its second half.
            if min(each["audio_valid"] for each in (before, row, after)) > 0.99:
                at = row["window"] * mirror.PART
                assert not strange[at : at + mirror.PART].any(), f"epoch {row['epoch']}, window {row['window']}"
                compared += 1
    assert compared >= 20 or name.endswith("-5")


@pytest.mark.parametrize("name", [name for name in RULES if name != "rtsp-5"])
def test_what_is_called_exact_too_is_that_for_sure(disturbed, name):
    for rows in disturbed.of(name):
        strange = mirror.astray(rows, disturbed.twin)
        wrong = [row["window"] for before, row, after in zip(rows[SETTLED:], rows[SETTLED + 1 :], rows[SETTLED + 2 :])
                 if min(each["audio_valid"] for each in (before, row, after)) > 0.99 and row["time_state"] == "exact"
                 and strange[row["window"] * mirror.PART : (row["window"] + 1) * mirror.PART].any()]
        assert not wrong


@pytest.mark.parametrize("name", RULES)
def test_what_survived_keeps_its_offset(disturbed, name):
    pairs = 0
    for rows in disturbed.of(name):
        if "unlocked" in {row["time_state"] for row in rows}:
            continue
        flashes, width = mirror.flashes(rows)
        beeps = truth.beeps(mirror.sound(rows)[0])
        sound = [beep for beep in beeps if all(row["audio_valid"] > 0.99 for row in around(rows, beep))]
        seen = [flash for flash in flashes if all(row["video_valid"] > 0.99 for row in around(rows, flash))]
        offsets = truth.offsets(np.array(sound), np.array(seen), within=0.3)
        pairs += len(offsets)
        if name in TORN:
            # In place of a picture that was lost the one before is shown: a flash begins with its second one.
            offsets += PICTURE * (offsets < -PICTURE / 2)
        assert np.abs(offsets).max(initial=0) <= SAMPLE + width + 2e-6 + (SENDER if "rtsp" in name else 0)
    assert pairs >= 2 or name.endswith("-5")


def around(rows: list[dict], moment: float) -> list[dict]:
    """The windows that a beep at this moment needs: it lasts 80 ms."""
    first = int(moment * 10)
    return [row for row in rows if first <= row["window"] <= int((moment + 0.08) * 10)]


@pytest.mark.parametrize("name", TORN)
def test_what_was_lost_is_masked(disturbed, name):
    assert disturbed.lost[name] > 0
    rows = [row for epoch in disturbed.of(name) for row in epoch[SETTLED:-5]]
    held = [(row["audio_valid"], row["video_valid"]) for row in rows]
    # So few datagrams may all be of pictures, for which the one before stands in.
    assert any(min(pair) < 0.99 for pair in held) or name.endswith("-1")
    if name.endswith("burst"):
        missing = sum(1 - sound for sound, _ in held) / 10
        assert BURST - 0.1 <= missing <= BURST + 0.4


@pytest.mark.parametrize("name", [name for name in TORN if "rtsp" not in name])
def test_what_was_damaged_is_counted(disturbed, name):
    assert sum(value for reason, value in disturbed.counted(name).items() if "corrupt" in reason) > 0


@pytest.mark.parametrize("name", TORN)
def test_what_never_came_is_counted(disturbed, name):
    counted = disturbed.counted(name)
    if not name.startswith("udp"):
        # What a track lacks before it is opened, or behind its last packet, nobody misses.
        assert 0.5 * disturbed.lost[name] <= counted["rtp_packets_missed"] <= disturbed.lost[name]
    if not name.startswith("rtsp"):
        assert counted["ts_packets_missed"] > 0


def test_nothing_is_counted_where_nothing_was_lost(disturbed):
    assert set(disturbed.counted(WHOLE)) == {"silent"}


def test_whatever_is_counted_stands_on_the_page_of_metrics(disturbed):
    told = set(re.findall(r"^\| `([A-Za-z_]+)` \|", (Path(__file__).parents[2] / "docs/metrics.md").read_text(), re.M))
    assert len(disturbed.reasons()) > 5
    assert {re.sub(r"^(audio|video|text)\d*_", "TRACK_", reason) for reason in disturbed.reasons()} <= told


@pytest.mark.parametrize("name", MENDED)
def test_what_is_put_right_is_whole_and_counted(disturbed, name):
    word = "datagrams_reordered" if name.endswith("shuffled") else "datagrams_repeated"
    counted = disturbed.counted(name)
    assert counted.pop(word) >= 5
    # The four bits of a packet's counter leave it open now and then where a datagram belongs.
    assert counted.pop("ts_packets_missed", 0) <= 14 * (name == "udp-shuffled")
    assert set(counted) <= {"silent"} | ({"datagrams_late", "datagrams_repeated", "video_corrupt_packets"}
                                         if name == "udp-shuffled" else set())
    (rows,) = disturbed.of(name)
    assert min(row["audio_valid"] for row in rows[SETTLED + 5 : -SETTLED]) > 0.99
