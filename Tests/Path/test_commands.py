"""inspect, encode, models: the shapes that scripts rely on; and usage errors."""

import json
import struct
import subprocess
import zlib

import numpy as np
import pytest

import reference

TRACK_KEYS = ["track", "kind", "codec", "start_ns", "time_base", "rate", "channels", "width", "height"]
EPOCH_KEYS = "epoch reason start_ns duration_ns origin_pts time_base time_state uncertainty_us".split()


def test_inspect_tells_tracks_epochs_and_counters(tandem, media):
    path = media("pair-ts-h264-aac.ts")
    report = tandem.inspect(path)
    assert {"source", "container", "duration_ns", "tracks", "epochs", "counters"} <= report.keys()
    assert {"in", "out", "dropped", "failed"} <= report["counters"].keys()
    assert all(set(TRACK_KEYS) <= track.keys() for track in report["tracks"])
    assert all(set(EPOCH_KEYS) <= epoch.keys() for epoch in report["epochs"])
    video, audio = (next(t for t in report["tracks"] if t["kind"] == kind) for kind in ("video", "audio"))
    assert (video["codec"], video["width"], video["height"], video["time_base"]) == ("h264", 320, 240, "1/90000")
    assert (audio["codec"], audio["rate"], audio["channels"]) == ("aac", 48_000, 1)
    (epoch,) = report["epochs"]
    assert epoch["reason"] == "start" and epoch["time_state"] == "exact" and epoch["start_ns"] == 0
    assert report["duration_ns"] == epoch["duration_ns"] == pytest.approx(21.034e9, abs=1e7)


def test_every_window_is_accounted_for(tandem, media):
    for name in ("aac.ts", "corr.ts", "agap.ts"):
        counters = tandem.inspect(media(name))["counters"]
        assert counters["in"] == counters["out"] + counters["dropped"] + counters["failed"]


def test_inspect_for_people_names_the_tracks(tandem, media):
    said = tandem.ok("inspect", media("languages.mkv")).decode()
    assert "ffv1" in said and "flac" in said


def test_inspect_lines_are_the_windows(tandem, media):
    said = [json.loads(line) for line in tandem.ok("inspect", "--json-windows", media("beep.mp4")).splitlines()]
    rows = tandem.windows(media("beep.mp4"))
    assert [line["window"] for line in said] == [row["window"] for row in rows]
    for line, row in zip(said, rows):
        shared = line.keys() & row.keys() - {"source", "gate_audio", "gate_video", "gate_text"}
        assert {key: line[key] for key in shared} == {key: row[key] for key in shared}
        assert "fused" not in line


def test_inspect_frames_lists_every_decoded_frame(tandem, media):
    path = media("pair-ts-mpeg2-mp2.ts")
    frames, stamps = tandem.frames(path), reference.stamps(path, "v")
    assert [frame.pts for frame in frames] == [stamp.pts for stamp in stamps]
    keys = reference.probe(path, "-select_streams", "v", "-show_entries", "frame=key_frame")["frames"]
    assert [frame.key for frame in frames] == [bool(frame["key_frame"]) for frame in keys]
    assert {frame.duration_ns for frame in frames} == {40_000_000}
    first = next(csv for csv in (tandem.work / f"{path.name}.csv").read_text().splitlines())
    assert first == "epoch,t_ns,duration_ns,pts,key,width,height,luma"


def test_a_plot_is_a_whole_png(tandem, media, tmp_path):
    target = tmp_path / "plot.png"
    tandem.ok("inspect", media("beep.mp4"), "--plot", target)
    chunks = _png_chunks(target.read_bytes())
    assert chunks[0][0] == b"IHDR" and chunks[-1][0] == b"IEND"
    pixels = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    assert len(set(pixels)) > 8, "an empty picture"
    assert reference.gray(target).shape[0] == 1


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = [], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert zlib.crc32(name + body) == int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        chunks.append((name, body))
        at += 12 + size
    return chunks


def test_a_plot_is_a_page_that_needs_no_network(tandem, media, tmp_path):
    target = tmp_path / "plot.html"
    tandem.ok("inspect", media("beep.mp4"), "--plot", target)
    page = target.read_text()
    assert "<html" in page and "</html>" in page
    assert 'src="http' not in page and "@import" not in page


@pytest.mark.parametrize("flag, name", [("--image", "still.png"), ("--audio", "surround.wav")])
def test_encode_gives_a_line_per_item(tandem, media, flag, name):
    item = json.loads(tandem.ok("encode", "--model", "builtin", flag, media(name)))
    assert item.keys() == {"input", "modality", "model", "dim", "vector"}
    assert item["modality"] == flag[2:] and item["dim"] == len(item["vector"]) == 256
    assert item["input"].endswith(name) and item["model"].startswith("builtin")
    assert np.linalg.norm(item["vector"]) == pytest.approx(1, abs=1e-5)


def test_encode_keeps_the_order_of_items(tandem, media):
    options = ["--image", media("still.png"), "--audio", media("stereo.wav"), "--image", media("still.jpg")]
    said = tandem.ok("encode", "--model", "builtin", *options).splitlines()
    assert [json.loads(line)["modality"] for line in said] == ["image", "audio", "image"]


def test_the_built_in_model_is_listed_without_any_folder(tandem, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TANDEM_MODELS": str(tmp_path)}
    assert "builtin" in tandem.ok("models", "list", env=environment).decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["embed"],
        ["embed", "--no-such-flag", "x.mp4"],
        ["embed", "--window", "soon", "x.mp4"],
        ["embed", "--window", "0s", "x.mp4"],
        ["embed", "--hop", "-1s", "x.mp4"],
        ["embed", "--fps", "0", "x.mp4"],
        ["embed", "--shard", "3/3", "x.mp4"],
        ["embed", "--format", "xml", "x.mp4"],
        ["embed", "--threads"],
        ["inspect"],
        ["encode", "--model", "builtin"],
    ],
    ids=" ".join,
)
def test_usage_errors_say_so(tandem, arguments):
    done = tandem(*arguments)
    assert done.returncode == 64
    assert done.stderr and not done.stdout


def test_an_unknown_model_is_a_configuration_error(tandem, media):
    done = tandem("embed", "--model", "no/such-model", media("beep.mp4"))
    assert done.returncode == 78
    assert "no/such-model" in done.stderr.decode()


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_go_to_standard_output(tandem, flag):
    done = subprocess.run(tandem.command(flag), capture_output=True, timeout=10)
    assert done.returncode == 0 and done.stdout and not done.stderr


def _with_exif(jpeg: bytes, orientation: int) -> bytes:
    """The picture with an EXIF segment that says how to turn it (big-endian TIFF, one SHORT entry 0x0112)."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    body = b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def test_encode_turns_a_picture_by_its_exif_only_when_asked(tandem, tmp_path):
    source = "testsrc=s=320x160:d=1,format=yuvj420p"
    for name, turn in (("plain.jpg", ""), ("turned.jpg", ",transpose=clock")):
        make = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source + turn, "-frames:v", "1", "-q:v", "1"]
        subprocess.run([*make, tmp_path / name], check=True)
    marked = tmp_path / "marked.jpg"
    marked.write_bytes(_with_exif((tmp_path / "plain.jpg").read_bytes(), 6))  # 6: turn it clockwise to see it upright

    def vector(*arguments) -> np.ndarray:
        return np.array(json.loads(tandem.ok("encode", *arguments))["vector"])

    plain, turned = vector("--image", tmp_path / "plain.jpg"), vector("--image", tmp_path / "turned.jpg")
    assert np.array_equal(vector("--image", marked), plain)
    assert vector("--orient", "--image", marked) @ turned > 0.999 > plain @ turned
