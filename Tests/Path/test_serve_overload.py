"""An encoder that is too slow for its live sources: whole windows are let go, oldest first, and told; files wait."""

import contextlib
import sys
import time

import pytest

import live
import mirror
from daemon import NONE_DROPPED, RecordReader, dropped, serving, until
from test_serve_faults import add, camera, playing, windows

#: Of one picture: two live sources of eight pictures a second want twice what there is.
DELAY = 0.12
SECONDS = 7
LIVE = ("one", "two")
FILE = "clips/a.mp4"
#: Room for two seconds of pictures, which go by halves.
SETTINGS = {"window": "500ms", "hop": "500ms", "limits": {"source_buffer": "4MiB"}}
#: Of the file: it lasts four seconds.
WINDOWS = 8
WATCHDOG = 2


@pytest.fixture(scope="module")
def overloaded(tandem, media, tmp_path_factory):
    """The daemon's records, what it said of itself meanwhile, and its figures at the end."""
    folder = tmp_path_factory.mktemp("overload")
    recipe, ports = folder / "slow.yaml", {name: live.port() for name in LIVE}
    recipe.write_text(
        f"name: slow\nvideo: {{command: [{sys.executable}, {mirror.ENCODER}, video, '{DELAY}'], fps: 8}}\n")
    add(folder / "clips", media, "a")
    sources = {name: camera(port) for name, port in ports.items()} | {"clips": {"url": folder / "clips"}}
    environment = {"WATCHDOG_USEC": str(WATCHDOG * 10**6)}
    with contextlib.ExitStack() as stack:
        for port in ports.values():
            stack.enter_context(playing(media, port))
        service = stack.enter_context(
            serving(tandem, folder, sources, SETTINGS | {"model": recipe}, environment=environment))
        reader = stack.enter_context(contextlib.closing(RecordReader(service.records_socket, None)))
        until(lambda: all(service.metric("tandem_windows_due_total", source=name) for name in LIVE))
        begin, health, sizes, figures = time.monotonic(), [], [], []
        while time.monotonic() < begin + SECONDS or len(windows(reader.rows).get(FILE, {0: []})[0]) < WINDOWS:
            health += [service.http(path) for path in ("/healthz", "/readyz")]
            sizes.append(service.megabytes())
            figures.append(service.metrics())
            assert time.monotonic() < begin + 4 * SECONDS
            time.sleep(0.5)
        beats = [moment for moment in service.manager.times("WATCHDOG=1") if moment > begin]
        service.assert_alive()
        yield service, list(reader.rows), figures, health, sizes, beats


def rows_of(rows: list[dict], name: str) -> list[dict]:
    return [row for row in rows if row["source"] == name and row["window"] is not None]


def test_every_window_is_given_or_dropped_at_any_moment(overloaded):
    _, _, figures, _, _, _ = overloaded
    for each in figures:
        for name in (*LIVE, "clips"):
            due, given = (each[f"tandem_windows_{edge}_total", (("source", name),)] for edge in ("due", "given"))
            assert due == given + sum(dropped(each, name).values())
    for name in LIVE:
        lost = dropped(figures[-1], name)
        assert lost["overload"] >= 4 and lost == NONE_DROPPED | {"overload": lost["overload"]}


def test_records_that_come_are_whole_and_tell_what_is_missing_before_them(overloaded):
    _, rows, _, _, _, _ = overloaded
    for name in LIVE:
        given = rows_of(rows, name)
        assert len(given) >= 2 and {row["epoch"] for row in given} == {0}
        assert all(row["video_valid"] > 0.99 and row["video"] and row["frames"] for row in given[1:])
        known = 0
        for row in given:
            assert row["window"] == known + row["dropped"]
            known = row["window"] + 1
        assert sum(row["dropped"] for row in given) > 0


def test_the_newest_are_given(overloaded):
    _, rows, figures, _, _, _ = overloaded
    for name in LIVE:
        given, before = rows_of(rows, name), [each["tandem_windows_due_total", (("source", name),)] for each in figures]
        # Never further behind than what may wait: two seconds, and as much again under way.
        assert given[-1]["window"] >= before[-1] - 8


def test_a_file_waits_and_loses_nothing(overloaded, tandem, media):
    _, rows, figures, _, _, _ = overloaded
    grid = [word for key in ("window", "hop") for word in (f"--{key}", SETTINGS[key])]
    whole = [row["window"] for row in tandem.windows(*grid, media("beep.mp4"))]
    assert [row["window"] for row in rows_of(rows, FILE)] == whole
    assert all(row["video_valid"] > 0.99 for row in rows_of(rows, FILE))
    assert dropped(figures[-1], "clips") == NONE_DROPPED


def test_it_is_well_meanwhile(overloaded):
    _, _, _, health, sizes, beats = overloaded
    assert set(health) == {(200, b"ok\n")}
    assert max(b - a for a, b in zip(beats, beats[1:])) <= WATCHDOG / 2
    assert max(sizes) - sizes[0] <= 40


def test_how_much_waits_at_each_stage_is_told_and_has_its_bound(overloaded):
    _, _, figures, _, _, _ = overloaded
    for name in LIVE:
        waiting = [each["tandem_source_waiting_bytes", (("source", name),)] for each in figures]
        assert 0 < max(waiting) <= 4 << 20
    for each in figures:
        assert each["tandem_encode_waiting_bytes", ()] <= 3 * (4 << 20)
    assert max(each["tandem_encode_working_bytes", ()] for each in figures) > 1 << 17
    assert all(each["tandem_records_waiting", ()] <= 256 for each in figures)
