"""What the daemon does not do as it should, each as the smallest story that shows it. Run by name alone:
`pytest Tests/Path/known_faults.py`. A story that passes moves to test_serve_mended.py."""

import contextlib
import sys
import time

import pytest

import live
import mirror
from daemon import serving, until
from test_serve_faults import camera, playing

SECONDS = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return live.make_clip(tmp_path_factory.mktemp("defects") / "clip.mp4", SECONDS, live.HUMMING)


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
