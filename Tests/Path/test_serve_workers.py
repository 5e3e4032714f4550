"""A decoder that dies, stands still or computes for ever costs its own source a moment, and the others nothing."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

import live
from daemon import NONE_DROPPED, dropped, serving, until
from runner import stand_in
from test_serve_faults import DENSE, add, assert_gapless, assert_once_in_order, camera, playing, windows

#: Of a source's content, at a decoder's death. What is seen is about 0.1 s, for a stuck one 1 s.
COST_MS = 3000
LIVE = {"stall": "5s", "open": "5s"}
#: Whole ones in a second of content: windows of 200 ms that begin every 20 ms.
SECOND_OF_WINDOWS = 41


@pytest.fixture(scope="module")
def stuck(tmp_path_factory) -> Path:
    """A library that makes a decoder compute for ever."""
    return stand_in("stuck", tmp_path_factory.mktemp("stuck"))


@contextlib.contextmanager
def two_cameras(tandem, media, folder, **start):
    """A daemon with two live sources that give records, and their ports."""
    ports = {"a": live.port(), "b": live.port()}
    sources = {name: camera(port) for name, port in ports.items()}
    with contextlib.ExitStack() as stack:
        for port in ports.values():
            stack.enter_context(playing(media, port))
        service = stack.enter_context(serving(tandem, folder, sources, DENSE | {"live": LIVE}, **start))
        until(lambda: all(service.source(name)["windows"] > 20 for name in sources))
        yield service, ports


def assert_replaced(service, hurt: str, well: str, decoder: int | None) -> None:
    """The hurt source goes on in its next epoch, soon, with another decoder; the other has lost nothing."""
    until(lambda: service.source(hurt)["epoch"] == 1)
    given = service.source(hurt)["windows"]
    until(lambda: service.source(hurt)["windows"] > given)
    assert decoder not in service.workers(), "replaced, and not ended"
    metrics = service.metrics()
    for name, count in {hurt: 1, well: 0}.items():
        assert metrics["tandem_reconnects_total", (("source", name),)] == count
        assert metrics.get(("tandem_worker_restarts_total", (("source", name),)), 0) == count
    assert dropped(metrics, well) == NONE_DROPPED
    assert service.stop() == 0
    rows = service.segments()
    assert_once_in_order(rows)
    assert list(windows(rows)[well]) == [0]
    assert_gapless(rows, well)
    lost = lost_milliseconds(rows, hurt)
    print(f"lost {lost} ms")
    assert -100 <= lost <= COST_MS  # moments of arrival are estimates


def lost_milliseconds(rows: list[dict], source: str) -> int:
    """From the end of a source's last window in epoch 0 to the begin of its first in epoch 1, when they were taken."""
    def walls(epoch: int) -> list:
        return [row["wall"] for row in rows if (row["source"], row["epoch"]) == (source, epoch) and row["wall"]]

    step = (min(walls(1)) - max(walls(0))).total_seconds()
    return round(1000 * step) - int(DENSE["window"].removesuffix("ms"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP], ids=lambda number: number.name)
def test_a_decoder_that_dies_or_stands_still_is_replaced_at_once(tandem, media, tmp_path, number):
    with two_cameras(tandem, media, tmp_path) as (service, ports):
        decoder = service.worker(ports["a"])
        os.kill(decoder, number)
        assert_replaced(service, "a", "b", decoder)


def test_a_decoder_that_computes_for_ever_is_replaced_at_once(tandem, media, tmp_path, stuck):
    trigger = tmp_path / "stuck"
    surroundings = {"LD_PRELOAD": str(stuck), "STUCK": str(trigger)}
    with two_cameras(tandem, media, tmp_path, environment=surroundings) as (service, ports):
        trigger.touch()
        until(lambda: not trigger.exists())
        hurt = until(lambda: next((name for name in ports if service.source(name)["reconnects"]), None))
        assert "computed for" in service.source(hurt)["last_error"]
        assert_replaced(service, hurt, "ab".replace(hurt, ""), None)


def test_windows_at_which_the_stages_break_off_are_counted_as_lost(tandem, tmp_path):
    surroundings = lies(tandem, "another epoch")
    with serving(tandem, tmp_path, {"cam": camera(live.port())}, DENSE, environment=surroundings) as service:
        until(lambda: service.metric("tandem_source_losses_total", source="cam", reason="stages_failed"))
        metrics = service.metrics()
        assert dropped(metrics, "cam") == NONE_DROPPED | {"failed": SECOND_OF_WINDOWS}
        assert metrics["tandem_windows_due_total", (("source", "cam"),)] == SECOND_OF_WINDOWS
        assert service.source("cam")["dropped"] == SECOND_OF_WINDOWS and service.source("cam")["windows"] == 0


def lies(tandem, manner: str) -> dict:
    """Surroundings in which a decoder says what cannot be."""
    liar, version = Path(__file__).with_name("hostile_worker.py"), tandem.ok("--version").decode().strip()
    return {"TANDEM_DECODE": str(liar), "HOSTILE": manner, "HOSTILE_VERSION": version}


def test_a_decoder_cannot_fill_the_store_with_days_of_nothing(tandem, tmp_path):
    with serving(tandem, tmp_path, {"cam": camera(live.port())}, environment=lies(tandem, "runs ahead")) as service:
        until(lambda: service.source("cam")["reconnects"] >= 1)
        assert service.metric("tandem_epochs_total", source="cam") == 1, "it was believed until then"
        time.sleep(0.5)
        assert service.metric("tandem_windows_due_total", source="cam") <= 1
        assert service.metric("tandem_worker_restarts_total", source="cam") >= 1


def test_a_decoder_that_dies_at_rest_costs_the_next_file_nothing(tandem, media, tmp_path, beep_windows):
    clips = tmp_path / "clips"
    add(clips, media, "a")
    with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service:
        until(lambda: len(service.stored()) == len(beep_windows))
        for decoder in service.workers():
            os.kill(decoder, signal.SIGKILL)
        add(clips, media, "b")
        until(lambda: len(service.stored()) == 2 * len(beep_windows))
        assert service.stop() == 0


def test_a_decoder_has_nothing_of_the_daemons_but_its_socket_and_its_memory(tandem, media, tmp_path):
    add(tmp_path / "clips", media, "a")
    surroundings = {"WATCHDOG_USEC": "5000000", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    with serving(tandem, tmp_path, {"clips": {"url": tmp_path / "clips"}}, environment=surroundings) as service:
        until(lambda: service.metric("tandem_finished_files") == 1)
        assert service.workers()
        for decoder in service.workers():
            process = Path(f"/proc/{decoder}")
            held = [os.readlink(path) for path in (process / "fd").iterdir()]
            assert sum("memfd" in path for path in held) == 1
            assert not any("eventpoll" in path or str(tmp_path / "state") in path for path in held), held
            known = (process / "environ").read_bytes()
            assert b"PATH=" in known
            assert not any(name in known for name in (b"NOTIFY_SOCKET", b"WATCHDOG_USEC", b"CREDENTIALS_DIRECTORY"))
        assert service.stop() == 0


def windows_to(second: int) -> int:
    """How many windows end by then."""
    length, hop = (int(DENSE[name].removesuffix("ms")) for name in ("window", "hop"))
    return (1000 * second - length) // hop + 1


@pytest.mark.parametrize("manner, tries", [("strange sound", 1), ("strange sound first", 3)])
def test_what_no_encoder_takes_is_due_and_dropped_and_its_file_is_not_called_read(tandem, tmp_path, manner, tries):
    """Whether its reading has ended when that is found, or goes on: then it is tried again."""
    liar = Path(__file__).with_name("hostile_worker.py")
    version = tandem.ok("--version").decode().strip()
    surroundings = {"TANDEM_DECODE": str(liar), "HOSTILE": manner, "HOSTILE_VERSION": version}
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "a.mp4").write_bytes(b"x")
    with serving(tandem, tmp_path, {"clips": {"url": clips}}, DENSE, environment=surroundings) as service:
        lost = {"source": "clips", "reason": "files_quarantined"}
        until(lambda: service.metric("tandem_source_losses_total", **lost) == 1)
        due = tries * windows_to(7 if tries == 1 else 5)
        until(lambda: service.metric("tandem_windows_due_total", source="clips") == due)
        given = service.metric("tandem_windows_given_total", source="clips")
        assert service.metric("tandem_windows_dropped_total", source="clips", reason="failed") == due - given
        assert 0 < given <= tries * windows_to(4)
        assert service.metric("tandem_files_total", source="clips") == 0
        assert "12345 Hz" in service.source("clips")["last_error"]
        assert service.stop() == 0
