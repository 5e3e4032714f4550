"""The daemon killed where it is least expected: while it starts and recovers, while it reloads, while it ends.

`TANDEM_KILLS` is how many rounds, by default 3; each kills several times.
"""

import contextlib
import os
import random
import signal
import time

import pytest

import daemon
import live
from daemon import Replay, ids, until
from test_serve_faults import add, assert_once_in_order, camera, playing, windows

KILLS = int(os.environ.get("TANDEM_KILLS", 3))
#: In a row before it may start.
EARLY = 4
#: A start takes about as long, in seconds.
START = 0.1


def kill_early(service, dice: random.Random) -> None:
    """Before it is ready, or hardly after."""
    service.start(is_ready=False)
    time.sleep(dice.uniform(0, START))
    service.kill()


def end(service, dice: random.Random, way: str, other: dict) -> None:
    """Kills it out of its work, out of a reload that changes its sources, or out of its end."""
    if way == "reload":
        service.write_config(other)
        service.process.send_signal(signal.SIGHUP)
    elif way == "stop":
        service.process.send_signal(signal.SIGTERM)
    if way != "work":
        time.sleep(dice.uniform(0, START) * dice.random())
    service.kill()


def are_whole(service, names: list[str], wanted: list[int]) -> bool:
    found = windows(service.stored())
    return all(found[f"clips/{name}.mp4"].get(0) == wanted for name in names)


@pytest.mark.parametrize("way", ["work", "reload", "stop"])
def test_whenever_it_is_killed_nothing_acknowledged_is_lost_torn_or_twice(tandem, media, tmp_path, beep_windows, way):
    dice, port, clips = random.Random(way), live.port(), tmp_path / "clips"
    sources = {"clips": {"url": clips}, "cam": camera(port)}
    more = sources | {"extra": {"url": media("beep.mp4")}}
    acknowledged, names = set(), []
    clips.mkdir()
    with playing(media, port):
        service = daemon.Daemon(tandem, tmp_path, sources, {"records": {"segment_size": "1MiB"}})
        try:
            for turn in range(KILLS):
                for n in range(EARLY):
                    names.append(f"{turn}-{n}")
                    add(clips, media, names[-1:])
                    kill_early(service, dice)
                service.start()
                with contextlib.closing(Replay(service)) as replay:
                    time.sleep(dice.uniform(0.1, 1))
                    end(service, dice, way, more if turn % 2 == 0 else sources)
                acknowledged |= set(ids(replay.rows))
            service.start()
            until(lambda: (service.source("cam")["epoch"] or -1) >= 0)
            until(lambda: are_whole(service, names, beep_windows), within=30 + KILLS)
            damaged = ("store_damaged_segments", "store_damaged_records", "store_damaged_journals")
            assert [service.metric("tandem_store_total", what=name) for name in damaged] == [0, 0, 0]
            assert service.stop() == 0
        finally:
            service.close()
    rows = service.segments()
    assert_once_in_order(rows)
    assert acknowledged and acknowledged <= set(ids(rows)), "acknowledged, and gone"
    found = windows(rows)
    assert {name: found[f"clips/{name}.mp4"] for name in names} == {name: {0: beep_windows} for name in names}
    assert not any(crash in service.log for crash in daemon.CRASHES)
    assert not list((service.state / "records").glob("*.damaged"))
