"""Goldens of `transformers` from files on disk: PNG and WAV through decoder, preprocessing and network."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

GOLDENS = Path(__file__).resolve().parents[1] / "EncodeTests/Goldens"
SOUNDS = ["ast", "clap", "clap-fused"]
PICTURES = [
    "clip", "clip-bordered", "clip-bordered-pillow", "clip-gelu-pillow", "clip-vision", "efficientnet-lite0", "siglip",
    "siglip-2", "siglip2-naflex",
]


def _case(model: str, what: str) -> tuple[list[dict], np.ndarray]:
    (case,) = [case for case in json.loads((GOLDENS / model / "cases.json").read_text()) if case["what"] == what]
    expected = np.fromfile(GOLDENS / model / case["expected"], "<f4").reshape(case["shape"])
    return case["inputs"], expected


def _png(model: str, entry: dict, path: Path):
    size = f"{entry['width']}x{entry['height']}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-i", GOLDENS / model / entry["file"]]
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *raw, path], check=True)


def _wav(model: str, entry: dict, path: Path):
    rate = json.loads((GOLDENS / model / "preprocessor_config.json").read_text())["sampling_rate"]
    wavfile.write(path, rate, np.fromfile(GOLDENS / model / entry["file"], "<f4"))


def _agrees(tandem, model: str, what: str, write, suffix: str, folder: Path):
    inputs, expected = _case(model, what)
    flags = []
    for number, entry in enumerate(inputs):
        path = folder / f"{number}.{suffix}"
        write(model, entry, path)
        flags += [f"--{what}", path]
    lines = tandem.ok("encode", "--model", GOLDENS / model, "--raw", *flags).splitlines()
    vectors = np.array([json.loads(line)["vector"] for line in lines])
    cosines = (vectors * expected).sum(1) / np.linalg.norm(vectors, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.99999
    assert np.abs(vectors - expected).max() / np.abs(expected).max() < 1e-4


@pytest.mark.parametrize("model", PICTURES)
def test_a_png_gives_the_vector_of_its_pixels(tandem, tmp_path, model):
    _agrees(tandem, model, "image", _png, "png", tmp_path)


@pytest.mark.parametrize("model", SOUNDS)
def test_a_wav_gives_the_vector_of_its_samples(tandem, tmp_path, model):
    _agrees(tandem, model, "audio", _wav, "wav", tmp_path)
