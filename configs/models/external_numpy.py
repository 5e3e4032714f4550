"""An encoder of pictures in plain NumPy: how its colours and its edges are distributed. See docs/external-encoders.md."""

import json
import sys

import numpy as np

source, sink = sys.stdin.buffer, sys.stdout.buffer


def say(header: dict, payload: bytes = b"") -> None:
    sink.write(json.dumps(header).encode() + b"\n" + payload)
    sink.flush()


def describe(picture: np.ndarray) -> np.ndarray:
    """[height, width, 3] → [64 colours + 16 directions of edges]"""
    red, green, blue = (picture // 64).transpose(2, 0, 1)
    colours = np.bincount((red * 16 + green * 4 + blue).ravel(), minlength=64)
    down, across = np.gradient(picture.mean(axis=2))
    direction = ((np.arctan2(down, across) + np.pi) * (8 / np.pi)).astype(int) % 16
    edges = np.bincount(direction.ravel(), np.hypot(down, across).ravel(), minlength=16)
    return np.sqrt(np.concatenate([colours / colours.sum(), edges / max(edges.sum(), 1e-9)]))


source.readline()  # Tandem's greeting
say({"protocol": "tandem-encoder/1", "name": "colours and edges", "modality": "video", "dim": 80,
     "width": 128, "height": 128, "fps": 2})
while line := source.readline():
    request = json.loads(line)
    pixels = np.frombuffer(source.read(request["bytes"]), np.uint8)
    vector = describe(pixels.reshape(request["height"], request["width"], 3)).astype("<f4")
    say({"id": request["id"], "bytes": vector.nbytes}, vector.tobytes())
