"""`tandem sync` measures the offset of sound against picture, or says that it cannot."""

import json


def test_sync_measures_what_is_there(tandem, media):
    said = json.loads(tandem.ok("sync", "--json", media("aac.mp4")))
    assert {"verdict", "offset_ms", "low_ms", "high_ms", "drift_ppm", "windows", "events"} <= said.keys()
    assert said["verdict"] == "in sync"
    assert said["low_ms"] <= 0 <= said["high_ms"]


def test_sync_cannot_tell_without_sound(tandem, media):
    done = tandem("sync", "--json", media("vonly.mp4"))
    assert done.returncode == 3
    assert json.loads(done.stdout)["verdict"] == "cannot tell"
