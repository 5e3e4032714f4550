"""An encoder whose vectors are what it was sent: records hold sound and picture themselves, and `mirror.py` reads them.

`mirror_encoder.py MODALITY [DELAY]`: DELAY seconds are spent on each request.
"""

import json
import sys
import time
from collections import defaultdict

import numpy as np

RATE, PART, SLOTS = 48_000, 4800, 8
HELLO = {
    # [1, samples …]: normalised, the first number still tells the scale.
    "audio": {"dim": PART + 1, "rate": RATE, "window": f"{PART}/{RATE}s", "hop": f"{PART}/{RATE}s"},
    # How much of the window each of up to eight frames in a row was on screen, and that times its brightness. The rate
    # is no multiple of any other, so that many frames together tell their times far better than one instant lasts.
    "video": {"dim": 2 * SLOTS, "fps": "49045/100", "width": 8, "height": 8},
}

modality = sys.argv[1]
delay = float(sys.argv[2]) if len(sys.argv) > 2 else 0
source, sink = sys.stdin.buffer, sys.stdout.buffer
frames = defaultdict(int)


def say(header: dict, payload: bytes = b"") -> None:
    sink.write(json.dumps(header).encode() + b"\n" + payload)
    sink.flush()


def heard(payload: bytes) -> np.ndarray:
    return np.concatenate([[1], np.frombuffer(payload, "<f4")])


def seen(payload: bytes, request: dict) -> np.ndarray:
    stretch = request["source"], request["epoch"]
    vector = np.zeros(2 * SLOTS)
    slot = frames[stretch] % SLOTS
    frames[stretch] += 1
    vector[slot] = 1
    vector[SLOTS + slot] = np.frombuffer(payload, np.uint8).mean() / 255
    return vector


source.readline()
hello = {"protocol": "tandem-encoder/1", "name": f"mirror of {modality}", "modality": modality, "max_batch": 16}
say(hello | HELLO[modality])
while line := source.readline():
    request = json.loads(line)
    payload = source.read(request["bytes"])
    time.sleep(delay)
    vector = (heard(payload) if modality == "audio" else seen(payload, request)).astype("<f4").tobytes()
    say({"id": request["id"], "bytes": len(vector)}, vector)
