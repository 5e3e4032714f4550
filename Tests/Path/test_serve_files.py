"""Recorded sources of the daemon: read once, gone on with where they were left off, and never given the ids of another
file that had their name."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import live
import mirror
from daemon import Daemon, serving, until
from runner import stand_in
from test_serve_faults import add, assert_once_in_order, camera, hang_up, playing, windows

#: It lasts four seconds.
CLIP = "beep.mp4"


def slow(folder: Path) -> dict:
    """Settings with an encoder that takes four seconds for the clip, and gets it in some parts."""
    recipe = folder / "slow.yaml"
    recipe.write_text(
        f"name: slow\nvideo: {{command: [{sys.executable}, {mirror.ENCODER}, video, '0.1'], fps: 10}}\n")
    limits = {"source_buffer": "1MiB"}
    return {"model": recipe, "window": "100ms", "hop": "100ms", "records": {"batch": "10ms"}, "limits": limits}


def put(media, path: Path, clip: str = CLIP) -> Path:
    draft = path.with_suffix(".draft")
    shutil.copy(media(clip), draft)
    return draft.rename(path)


@pytest.fixture()
def other(tmp_path, media) -> Path:
    """Two seconds of another picture."""
    path = tmp_path / "other.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=2", "-pix_fmt", "yuv420p"]
    subprocess.run([*live.FFMPEG, *picture, path], check=True)
    return path


@pytest.fixture(scope="module")
def whole(tandem, media) -> list[int]:
    return [row["window"] for row in tandem.windows("--window", "100ms", "--hop", "100ms", media(CLIP))]


def begun(service) -> int:
    return until(lambda: len(windows(service.stored())["film"].get(0, [])) >= 6)


def test_a_file_that_is_killed_half_read_goes_on_exactly_once(tandem, media, tmp_path, whole):
    film = put(media, tmp_path / "film.mp4")
    service = Daemon(tandem, tmp_path, {"film": {"url": film}}, slow(tmp_path))
    with contextlib.closing(service):
        for _ in range(3):
            service.start()
            begun(service)
            service.kill()
        service.start()
        until(lambda: service.source("film")["state"] == "finished" and len(service.stored()) >= len(whole), within=20)
        assert_once_in_order(rows := service.stored())
        assert windows(rows)["film"] == {0: whole}
        assert service.metric("tandem_windows_stored_before_total", source="film") >= 6


def test_a_file_that_was_replaced_between_two_runs_is_stored_whole_beside_the_other(tandem, media, tmp_path, other, whole):
    film = put(media, tmp_path / "film.mp4")
    service = Daemon(tandem, tmp_path, {"film": {"url": film}}, slow(tmp_path))
    with contextlib.closing(service):
        service.start()
        begun(service)
        service.kill()
        other.rename(film)
        service.start()
        until(lambda: len(windows(service.stored())["film"].get(1, [])) >= 20, within=20)
        assert_once_in_order(rows := service.stored())
        first, second = windows(rows)["film"].values()
        assert first == whole[: len(first)] and 6 <= len(first) < len(whole) and second == list(range(20))


def test_another_address_of_a_source_that_is_half_read_is_read_whole(tandem, media, tmp_path, other, whole):
    film = put(media, tmp_path / "film.mp4")
    with serving(tandem, tmp_path, {"film": {"url": film}}, slow(tmp_path)) as service:
        begun(service)
        service.write_config({"film": {"url": other}})
        hang_up(service)
        until(lambda: len(windows(service.stored())["film"].get(1, [])) >= 20, within=20)
        assert_once_in_order(rows := service.stored())
        first, second = windows(rows)["film"].values()
        assert first == whole[: len(first)] and second == list(range(20))


@pytest.mark.parametrize("is_restarted", [False, True], ids=["running", "restarted"])
def test_another_file_of_a_name_that_is_done_with_gets_ids_of_its_own(tandem, media, tmp_path, other, is_restarted):
    clips, name = tmp_path / "clips", "clips/a.mp4"
    add(clips, media, "a")
    service = Daemon(tandem, tmp_path, {"clips": {"url": clips}}, {})
    with contextlib.closing(service):
        service.start()
        until(lambda: service.metric("tandem_finished_files") == 1)
        whole = windows(service.stored())[name][0]
        if is_restarted:
            assert service.stop() == 0
        (clips / "a.mp4").unlink()
        other.rename(clips / "a.mp4")
        if is_restarted:
            service.start()
        until(lambda: 1 in windows(service.stored())[name])
        until(lambda: service.source("clips")["state"] == "idle")
        assert_once_in_order(rows := service.stored())
        assert windows(rows)[name] == {0: whole, 1: [0, 1, 2]}


def test_a_file_that_begins_again_is_an_epoch_each_round_and_no_reconnect(tandem, media, tmp_path, beep_windows):
    with serving(tandem, tmp_path, {"film": {"url": media(CLIP), "loop": True}}) as service:
        until(lambda: (service.source("film")["epoch"] or 0) >= 3)
        source = service.source("film")
        assert (source["reconnects"], source["last_error"]) == (0, None)
        assert service.log.count("film") == 1, "once, when it runs"
        assert service.stop() == 0
    rows = service.segments()
    assert_once_in_order(rows)
    rounds = windows(rows)["film"]
    assert [rounds[epoch] for epoch in range(3)] == [beep_windows] * 3


@pytest.mark.parametrize("clip, offset", [("beep.mp4", 0), ("beep.mp4", 8000), ("beep.ts", 40_000)])
def test_a_file_of_which_the_disk_does_not_give_all_is_not_done_with(tandem, media, tmp_path, clip, offset):
    clips, trigger = tmp_path / "clips", tmp_path / "bad"
    surroundings = {"LD_PRELOAD": str(stand_in("bad_sector", tmp_path)), "BAD_SECTOR": str(trigger)}
    service = Daemon(tandem, tmp_path, {"clips": {"url": clips}}, {})
    with contextlib.closing(service):
        add(clips, media, "ac", clip)
        service.start(environment=surroundings)
        until(lambda: service.metric("tandem_finished_files") == 2)
        trigger.write_text(str(offset))
        add(clips, media, "b", clip)
        lost = {"source": "clips", "reason": "files_quarantined"}
        until(lambda: service.metric("tandem_source_losses_total", **lost) == 1, within=20)
        assert "left out: " in service.log and "it is read again after a restart" in service.log
        assert service.metric("tandem_finished_files") == 2
        assert service.metric("tandem_files_total", source="clips") == 2
        assert service.stop() == 0
        trigger.unlink()
        service.start(environment=surroundings)
        until(lambda: service.metric("tandem_finished_files") == 3)
        rows = service.stored()
    assert_once_in_order(rows)
    found = windows(rows)
    name = f"clips/{{}}{Path(clip).suffix}".format
    assert found[name("a")] == found[name("b")] == found[name("c")]


@pytest.fixture(scope="module")
def hung(tmp_path_factory) -> Path:
    return stand_in("hung_disk", tmp_path_factory.mktemp("hung"))


def test_files_on_a_disk_that_does_not_answer_keep_nobody_waiting(tandem, media, tmp_path, hung):
    clips, port = tmp_path / "far" / "clips", live.port()
    clips.parent.mkdir()
    add(clips, media, "a")
    sources = {"clips": {"url": clips}, "cam": camera(port)}
    service = Daemon(tandem, tmp_path, sources, {})
    with contextlib.closing(service), playing(media, port):
        service.start()
        until(lambda: service.metric("tandem_finished_files") == 1)
        assert service.stop() == 0
        service.start(environment={"LD_PRELOAD": str(hung), "HUNG": str(clips.parent)})
        until(lambda: service.source("cam")["windows"] >= 4)
        assert service.metric("tandem_finished_files") == 1
        assert service.http("/healthz") == (200, b"ok\n")
        os.kill(service.pid, 0)
