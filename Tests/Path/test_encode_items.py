"""`encode`: what does not fit the flag, what the model cannot do, and several items in one call."""

import json

import numpy as np
import pytest

from watch import survives, watched

DONE, USAGE, UNDECODABLE, UNREADABLE, NO_MODEL = 0, 64, 65, 66, 78


def _encode(tandem, *arguments):
    return watched(tandem.command("encode", *arguments))


def _items(done) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("text", [" ", "a dog barks", "\N{DOG}", "--", "x" * 100_000], ids=lambda text: text[:12])
def test_a_text_needs_a_model_that_reads(tandem, text):
    done = _encode(tandem, f"--text={text}")
    survives(done, codes=(NO_MODEL,))
    assert not done.stdout
    assert "builtin" in done.said[0] and "text" in done.said[0]


def test_an_empty_text_is_an_item(tandem):
    """It is the model that refuses it, not the command line. (`--text=` is a value left out: usage.)"""
    survives(_encode(tandem, "--text", ""), codes=(NO_MODEL,))
    assert _encode(tandem, "--text=").code == USAGE


@pytest.mark.parametrize("flag, name", [("--image", "stereo.wav"), ("--audio", "still.png"), ("--audio", "vonly.mp4")])
def test_what_does_not_hold_what_is_asked_for(tandem, media, flag, name):
    done = _encode(tandem, flag, media(name))
    survives(done, codes=(UNDECODABLE,))
    assert not done.stdout
    assert name in done.said[0]


@pytest.mark.parametrize("flag", ["--image", "--audio"])
@pytest.mark.parametrize("name, code", [("missing.png", UNREADABLE), ("garbage.mp4", UNDECODABLE), ("", UNREADABLE)])
def test_what_cannot_be_read(tandem, media, flag, name, code):
    path = media("garbage.mp4").with_name(name) if name else ""
    done = _encode(tandem, flag, path)
    survives(done, codes=(code,))
    assert not done.stdout and name in done.said[0]


def test_items_come_in_the_order_of_the_command_line(tandem, media):
    still, photo, stereo, clip = (media(name) for name in ("still.png", "still.jpg", "stereo.wav", "beep.mp4"))
    asked = [("--audio", stereo), ("--image", still), ("--audio", clip), ("--image", clip), ("--image", photo)]
    done = _encode(tandem, *[word for pair in asked for word in pair])
    survives(done, codes=(DONE,))
    given = [(f"--{item['modality']}", item["input"]) for item in _items(done)]
    assert given == [(flag, str(path)) for flag, path in asked]


def test_order_holds_with_equal_signs_and_confusing_names(tandem, media, tmp_path):
    """A file may be called like a flag."""
    (tmp_path / "--image").write_bytes(media("still.png").read_bytes())
    (tmp_path / "a=b.png").write_bytes(media("still.png").read_bytes())
    command = tandem.command("encode", f"--audio={media('stereo.wav')}", "--image=--image", "--image=a=b.png")
    done = watched([*command, f"--audio={media('beep.mp4')}"], cwd=tmp_path)
    survives(done, codes=(DONE,))
    given = [item["input"] for item in _items(done)]
    assert given == [str(media("stereo.wav")), "--image", "a=b.png", str(media("beep.mp4"))]


def test_an_item_is_the_same_alone_and_among_others(tandem, media):
    pair = ["--image", media("still.png"), "--audio", media("stereo.wav")]
    together = _items(_encode(tandem, *pair))
    assert together == _items(_encode(tandem, *pair[:2])) + _items(_encode(tandem, *pair[2:]))


def test_what_comes_before_a_bad_item_is_given(tandem, media):
    done = _encode(tandem, "--image", media("still.png"), "--image", media("garbage.mp4"))
    survives(done, codes=(UNDECODABLE,))
    assert len(_items(done)) == 1 and "garbage.mp4" in done.said[0]


@pytest.mark.parametrize("flag, name", [("--image", "still.png"), ("--audio", "stereo.wav")])
def test_raw_is_what_the_model_gives(tandem, media, flag, name):
    (unit,) = _items(_encode(tandem, flag, media(name)))
    (raw,) = _items(_encode(tandem, "--raw", flag, media(name)))
    assert unit.keys() == raw.keys()
    assert raw["dim"] == len(raw["vector"])
    assert np.linalg.norm(unit["vector"]) == pytest.approx(1, abs=1e-5)
    assert raw["vector"] != unit["vector"] and np.isfinite(raw["vector"]).all()


def test_standard_input_is_an_item(tandem, media):
    done = watched(tandem.command("encode", "--image", "-"), input=media("still.png").read_bytes())
    survives(done, codes=(DONE,))
    (piped,), (named,) = _items(done), _items(_encode(tandem, "--image", media("still.png")))
    assert piped["vector"] == named["vector"]


def test_a_model_that_is_not_there(tandem, media):
    done = _encode(tandem, "--model", "no/such", "--image", media("still.png"))
    survives(done, codes=(NO_MODEL,))
    assert "no/such" in done.said[0]


def test_nothing_to_encode_is_a_usage_error(tandem):
    done = _encode(tandem, "--raw")
    assert done.code == USAGE and not done.stdout
