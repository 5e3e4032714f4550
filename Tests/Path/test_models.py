"""Checkpoint models and recipes: what they encode, what records say of them, and how wrong ones are refused."""

import re
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

GOLDENS = Path(__file__).resolve().parents[1] / "EncodeTests/Goldens"
RECIPE = "name: both\nvideo: {model: %s, fps: 4}\naudio: {model: %s, hop: 500ms}\ntext: {model: %s}\n"


def _environment(tmp_path) -> dict:
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TANDEM_MODELS": str(GOLDENS)}


@pytest.fixture()
def recipe(tmp_path) -> Path:
    path = tmp_path / "both.yaml"
    path.write_text(RECIPE % ("clip", "clap", "bert"))
    return path


def test_a_checkpoint_folder_embeds_what_it_has_encoders_for(tandem, media):
    rows = tandem.rows("--model", GOLDENS / "clip", media("beep.mp4"))
    assert len(rows) == 3
    for row in rows:
        assert row["audio_valid"] > 0 and "audio" not in row
        assert np.linalg.norm(row["video"]) == pytest.approx(1, abs=1e-6)
        assert row["fused"] == pytest.approx(row["video"])


def test_a_recipe_brings_its_encoders_rates_and_windows(tandem, media, recipe, tmp_path):
    rows = tandem.rows("--model", recipe, media("beep.mp4"), env=_environment(tmp_path))
    for row in rows:
        assert len(row["video_pts"]) == row["frames"] > 4
        sizes = [len(row[name]) for name in ("audio", "video")]
        assert len(row["fused"]) >= sum(sizes)
    # The sound encoder's windows of 1 s stand every half second, each for its middle.
    assert _metadata(tandem, media, tmp_path, recipe)["tandem.lookahead_ns"] == "250000000"


def test_cues_are_encoded_and_pooled_by_overlap(tandem, media, recipe, tmp_path):
    cues = tmp_path / "cues.srt"
    cues.write_text("1\n00:00:00,500 --> 00:00:01,500\na dog\n\n2\n00:00:02,500 --> 00:00:03,500\na boat\n")
    options = ["--model", recipe, "--subs", cues, media("beep.mp4")]
    rows = tandem.rows(*options, env=_environment(tmp_path))
    assert [row["text"] for row in rows] == ["a dog", "a dog a boat", "a boat"]
    one, both, other = (np.array(row["text_vector"]) for row in rows)
    mean = one + other
    assert both == pytest.approx(mean / np.linalg.norm(mean), abs=0.05)
    assert one @ other < 0.9999


def test_a_cue_is_the_vector_of_its_text(tandem, media, tmp_path):
    cues = tmp_path / "cues.srt"
    cues.write_text("1\n00:00:00,000 --> 00:00:09,000\ntwo dogs on a beach\n")
    rows = tandem.rows("--model", GOLDENS / "bert", "--subs", cues, media("beep.mp4"))
    alone = json.loads(tandem.ok("encode", "--model", GOLDENS / "bert", "--text", "two dogs on a beach"))
    assert rows[0]["text_vector"] == pytest.approx(alone["vector"], abs=1e-6)
    assert rows[0]["fused"] == pytest.approx(alone["vector"], abs=1e-6)


def test_pictures_and_text_of_one_checkpoint_share_a_space(tandem, media, tmp_path):
    options = ["encode", "--model", GOLDENS / "clip", "--image", media("beep.mp4"), "--text", "a dog"]
    picture, text = map(json.loads, tandem.ok(*options).splitlines())
    assert picture["dim"] == text["dim"] == len(picture["vector"])
    metadata = _metadata(tandem, media, tmp_path, GOLDENS / "clip")
    assert metadata["tandem.space"] == "joint" and metadata["tandem.semantic"] == "true"


def test_records_say_what_made_them(tandem, media, recipe, tmp_path):
    metadata = _metadata(tandem, media, tmp_path, recipe)
    assert metadata["tandem.model"] == "both" and metadata["tandem.space"] == "separate"
    assert re.match(r"openblas 0\.|onednn \d", metadata["tandem.blas"]) and metadata["tandem.precision"] == "f32"
    assert len(metadata["tandem.model_sha256"]) == 64
    other = tmp_path / "other"
    shutil.copytree(GOLDENS / "clip", other)
    before = _metadata(tandem, media, tmp_path, other)
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    after = _metadata(tandem, media, tmp_path, other)
    assert before["tandem.model_sha256"] != after["tandem.model_sha256"]
    assert before["tandem.config_sha256"] != after["tandem.config_sha256"]


def _metadata(tandem, media, tmp_path, model) -> dict:
    import pyarrow.ipc

    path = tmp_path / "out.arrows"
    options = ["embed", "--quiet", "--model", model, "-o", path, media("beep.mp4")]
    tandem.ok(*options, env=_environment(tmp_path))
    metadata = pyarrow.ipc.open_stream(path).schema.metadata
    return {key.decode(): value.decode() for key, value in metadata.items()}


def test_a_deterministic_run_gives_the_same_bits(tandem, media, recipe, tmp_path):
    options = ["--model", recipe, "--deterministic", media("beep.mp4")]
    runs = [tandem.rows(*options, env=_environment(tmp_path)) for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]


def test_batches_change_only_the_last_bits(tandem, media, recipe, tmp_path):
    free = tandem.rows("--model", recipe, media("beep.mp4"), env=_environment(tmp_path))
    fixed = tandem.rows("--model", recipe, "--deterministic", media("beep.mp4"), env=_environment(tmp_path))
    for row, other in zip(free, fixed, strict=True):
        assert row["fused"] == pytest.approx(other["fused"], abs=1e-5)


def test_models_are_listed_shown_and_checked(tandem, tmp_path):
    environment = _environment(tmp_path)
    listed = [json.loads(line)["name"] for line in tandem.ok("models", "list", "--json", env=environment).splitlines()]
    assert listed[0] == "builtin/1" and {"clip", "clap", "whisper", "bert", "siglip"} <= set(listed)
    shown = json.loads(tandem.ok("models", "show", "clap", "--json", env=environment))
    assert shown["space"] == "joint" and shown["dimensions"].keys() == {"audio", "text"}
    for name in ("clip", "siglip", "siglip2-naflex", "clap", "whisper", "ast", "bert", "efficientnet-lite0"):
        assert " ok\n" in tandem.ok("models", "check", name, env=environment).decode(), name


def test_a_benchmark_names_its_engine(tandem):
    report = json.loads(tandem.ok("bench", "model", GOLDENS / "clip", "--seconds", "0.05", "--json"))
    assert report.keys() == {"model", "blas", "precision", "threads", "items", "rss_mb", "load_ms"}
    assert [item["what"] for item in report["items"]] == ["image", "image_batch8", "text"]
    assert all(item["ms"] > 0 and item["gflops"] > 0 for item in report["items"])


WRONG = {
    "an unknown key": ("name: x\nvideo: {model: clip, fsp: 2}\n", "wrong.yaml:2: video: unknown key 'fsp', did you mean 'fps'?"),
    "an unknown part": ("name: x\nvidoe: {model: clip}\n", "wrong.yaml:2: unknown key 'vidoe', did you mean 'video'?"),
    "no name": ("video: {model: clip}\n", "has no name"),
    "no such model": ("name: x\nvideo: {model: clop}\n", "clop"),
    "a model without that encoder": ("name: x\naudio: {model: clip}\n", "clip has no encoder for audio"),
    "another window": ("name: x\naudio: {model: clap, window: 9s}\n", "window of clap"),
    "a hop beyond the window": ("name: x\naudio: {model: clap, hop: 1h}\n", "hop of the sound encoder"),
    "a rate that is none": ("name: x\nvideo: {model: clip, fps: -1}\n", "wrong.yaml:2: video.fps: '-1' is no rate"),
    "an unknown fusion": ("name: x\nvideo: {model: clip}\nfuse: blend\n", "wrong.yaml:3: fuse: 'blend' is not one of mean, concat"),
    "no YAML": ("name: [x\n", "not valid YAML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_recipe_is_refused_by_file_and_key(tandem, media, tmp_path, name):
    text, complaint = WRONG[name]
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    done = tandem("embed", "--model", path, media("beep.mp4"), env=_environment(tmp_path))
    assert done.returncode == 78 and done.stdout == b""
    assert complaint in done.stderr.decode() and done.stderr.count(b"\n") == 1


def _spoilt(folder: Path, change) -> Path:
    copy = folder / "spoilt"
    shutil.copytree(GOLDENS / "clip", copy)
    path = copy / "model.safetensors"
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header, body = change(json.loads(data[8 : 8 + length]), bytearray(data[8 + length :]))
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(body))
    return copy


NAME = "vision_model.post_layernorm.weight"


def _without(header, body):
    start, end = header.pop(NAME)["data_offsets"]
    header["filler"] = {"dtype": "F32", "shape": [(end - start) // 4], "data_offsets": [start, end]}
    return header, body


def _misshaped(header, body):
    header[NAME]["shape"] = [1, *header[NAME]["shape"]]
    return header, body


def _unnumbered(header, body):
    start = header[NAME]["data_offsets"][0]
    body[start : start + 4] = struct.pack("<f", float("nan"))
    return header, body


@pytest.mark.parametrize("change", [_without, _misshaped, _unnumbered])
def test_a_spoilt_tensor_is_named(tandem, media, tmp_path, change):
    folder = _spoilt(tmp_path, change)
    done = tandem("embed", "--model", folder, media("beep.mp4"))
    assert done.returncode == 78 and done.stdout == b""
    assert NAME in done.stderr.decode() and done.stderr.count(b"\n") == 1


def test_an_unknown_family_is_named(tandem, media, tmp_path):
    folder = tmp_path / "strange"
    shutil.copytree(GOLDENS / "clip", folder)
    (folder / "config.json").write_text('{"model_type": "strange"}')
    done = tandem("embed", "--model", folder, media("beep.mp4"))
    assert done.returncode == 78 and '"strange" is none of' in done.stderr.decode()
