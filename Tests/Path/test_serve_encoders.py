"""An encoder that is another program, in the daemon: its trouble may last, it is told, and it ends with the daemon."""

import contextlib
import signal
import sys
import time
from pathlib import Path

import live
from daemon import NONE_DROPPED, dropped, serving, until
from test_external import _runs
from test_serve_faults import assert_gapless, assert_once_in_order, camera, playing

#: Writes its number down, and does not go on where a file says that its device is away, or that it is to be silent.
ENCODER = """
import json, os, sys, time
folder, source, sink = sys.argv[1], sys.stdin.buffer, sys.stdout.buffer
def say(header, payload=b""):
    sink.write(json.dumps(header).encode() + b"\\n" + payload)
    sink.flush()
def look():
    if os.path.exists(folder + "/away"):
        sys.exit("no device")
    while os.path.exists(folder + "/silent"):
        time.sleep(0.05)
open(folder + "/pids", "a").write(f"{os.getpid()}\\n")
look()
source.readline()
say({"protocol": "tandem-encoder/1", "name": "device", "modality": "audio", "dim": 1, "rate": 8000, "window": "100ms"})
while line := source.readline():
    request = json.loads(line)
    source.read(request["bytes"])
    look()
    say({"id": request["id"], "bytes": 4}, b"\\0\\0\\x80\\x3f")
"""


class Device:
    """A recipe with an encoder of sound, and what makes it fail."""

    def __init__(self, folder: Path):
        self.folder = folder / "device"
        self.folder.mkdir()
        program = self.folder / "encoder.py"
        program.write_text(ENCODER)
        self.recipe = self.folder / "device.yaml"
        self.recipe.write_text(f"name: device\naudio: {{command: [{sys.executable}, {program}, {self.folder}]}}\n")

    @contextlib.contextmanager
    def trouble(self, kind: str):
        sign = self.folder / kind
        sign.touch()
        yield
        sign.unlink()

    @property
    def pids(self) -> list[str]:
        return (self.folder / "pids").read_text().split()

    def assert_gone(self) -> None:
        until(lambda: not [pid for pid in self.pids if _runs(pid)], within=3)


@contextlib.contextmanager
def one_camera(tandem, media, folder):
    """A daemon with a live source whose sound another program encodes, and that program."""
    device, port = Device(folder), live.port()
    with playing(media, port):
        settings = {"model": device.recipe, "window": "200ms", "hop": "100ms", "tracks": "audio"}
        with serving(tandem, folder, {"a": camera(port)}, settings) as service:
            until(lambda: service.source("a")["windows"] > 10)
            yield service, device


def figure(service, name: str, **labels: str) -> float:
    return service.metric(f"tandem_encoder_{name}", modality="audio", **labels)


def test_trouble_that_outlasts_every_patience_of_a_command_ends_when_the_device_is_back(tandem, media, tmp_path):
    with one_camera(tandem, media, tmp_path) as (service, device):
        assert figure(service, "up") == 1 and service.http("/readyz")[0] == 200
        with device.trouble("away"):
            until(lambda: figure(service, "restarts_total") > 5, within=30)
            assert figure(service, "up") == 0
            status, text = service.http("/readyz")
            assert status == 503 and b"encoder encoder.py (audio): does not run" in text
            given = service.source("a")["windows"]
            until(lambda: service.source("a")["windows"] > given + 10)  # at the pace of the source
        until(lambda: figure(service, "up") == 1, within=30)
        assert service.http("/readyz")[0] == 200
        answers = figure(service, "answers_total")
        until(lambda: figure(service, "answers_total") > answers + 5)
        assert figure(service, "failed_total", reason="down") > 10
        assert len(device.pids) == figure(service, "restarts_total") + 1
        assert dropped(service.metrics(), "a") == NONE_DROPPED
        assert service.stop() == 0
        device.assert_gone()
        rows = service.segments()
        assert_once_in_order(rows)
        assert_gapless(rows, "a")


def test_a_stop_does_not_wait_for_a_silent_program_and_keeps_its_windows(tandem, media, tmp_path):
    with one_camera(tandem, media, tmp_path) as (service, device), device.trouble("silent"):
        time.sleep(0.5)
        given, began = service.source("a")["windows"], time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 10
        device.assert_gone()
        rows = service.segments()
        assert_gapless(rows, "a")
        assert len(rows) >= given


def test_a_program_does_not_outlive_a_daemon_that_is_killed(tandem, media, tmp_path):
    with one_camera(tandem, media, tmp_path) as (service, device), device.trouble("silent"):
        time.sleep(0.5)
        service.kill()
        device.assert_gone()


def test_a_signal_that_the_daemon_does_not_know_leaves_nothing_behind(tandem, media, tmp_path):
    with one_camera(tandem, media, tmp_path) as (service, device):
        service.process.send_signal(signal.SIGQUIT)
        assert service._ended() == -signal.SIGQUIT
        device.assert_gone()
