"""An encoder of pictures by onnxruntime: python3 external_onnx.py MODEL.onnx [EXECUTION_PROVIDER…]

The model takes float32 pictures [batch, 3, height, width] and gives vectors [batch, dim]; its first output counts. What
waits is encoded as one batch. The mean and deviation are CLIP's: put your model's own here. See
docs/external-encoders.md.
"""

import json
import sys

import numpy as np
import onnxruntime

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
LARGEST_BATCH = 16

source, sink = sys.stdin.buffer, sys.stdout.buffer


def say(header: dict, payload: bytes = b"") -> None:
    sink.write(json.dumps(header).encode() + b"\n" + payload)


def batches():
    """Lists of (id, picture): `more` says how many requests follow without waiting for an answer."""
    waiting = []
    while line := source.readline():
        request = json.loads(line)
        pixels = np.frombuffer(source.read(request["bytes"]), np.uint8)
        waiting.append((request["id"], pixels.reshape(request["height"], request["width"], 3)))
        if request["more"] == 0:
            yield waiting
            waiting = []


path, *providers = sys.argv[1:]
session = onnxruntime.InferenceSession(path, providers=providers or onnxruntime.get_available_providers())
entry, outcome = session.get_inputs()[0], session.get_outputs()[0]
height, width = (side if isinstance(side, int) else 224 for side in entry.shape[2:])
source.readline()  # Tandem's greeting
say({"protocol": "tandem-encoder/1", "name": path.split("/")[-1], "modality": "video", "dim": outcome.shape[-1],
     "width": width, "height": height, "max_batch": LARGEST_BATCH if isinstance(entry.shape[0], str) else 1,
     "semantic": True})
sink.flush()
for batch in batches():
    pictures = np.stack([picture for _, picture in batch]).astype(np.float32) / 255
    values = ((pictures - MEAN) / DEVIATION).transpose(0, 3, 1, 2)
    vectors = session.run([outcome.name], {entry.name: np.ascontiguousarray(values)})[0].astype("<f4")
    for (number, _), vector in zip(batch, vectors):
        say({"id": number, "bytes": vector.nbytes}, vector.tobytes())
    sink.flush()
