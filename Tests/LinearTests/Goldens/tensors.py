"""Writes the small checkpoints beside this file: numbers that every kind of float holds, and what it must make of them.

one.safetensors    all kinds in one file; its float16 and bfloat16 tensors were rounded by numpy and by hand
shards/            two files and their index
Expected.swift     the bits of every readable tensor as float32
"""
import json
import pathlib
import struct

import numpy as np

HERE = pathlib.Path(__file__).parent


def save(path, tensors, metadata=None):
    """tensors: {name: (kind, shape, bytes)}"""
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, (kind, shape, data) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(t[2] for t in tensors.values()))


def f32(array):
    return "F32", list(array.shape), array.astype("<f4").tobytes()


def f16(array):
    return "F16", list(array.shape), array.astype("<f2").tobytes()


def bf16(array):
    """Cuts the lower half of each float away: exact for the numbers used here."""
    bits = array.astype("<f4").view("<u4")
    assert not (bits & 0xFFFF).any()
    return "BF16", list(array.shape), (bits >> 16).astype("<u2").tobytes()


random = np.random.default_rng(7)
weight = random.standard_normal((6, 5)).astype(np.float32)
bias = random.standard_normal(6).astype(np.float32)
conv = random.standard_normal((3, 2, 2, 2)).astype(np.float32)
half = np.array([[0, -0.0, 1, -2], [65504, 6.103515625e-05, 5.960464477539063e-08, -0.333251953125]], np.float32)
brain = np.array([0, 1, -1.5, 3.3895313892515355e38, 1.1754943508222875e-38, 9.183549615799121e-41], np.float32)
one = {
    "weight": f32(weight),
    "bias": f32(bias),
    "vision_model.conv": f32(conv),
    "half": f16(half),
    "brain": bf16(brain),
    "scale": f32(np.array(2.5, np.float32)),
    "position_ids": ("I64", [1, 3], np.arange(3, dtype="<i8").tobytes()),
    "nothing": f32(np.zeros((0, 4), np.float32)),
    "nan": f32(np.array([1, np.nan], np.float32)),
    "infinite.half": f16(np.array([1, np.inf], np.float32)),
    "infinite.brain": bf16(np.array([-np.inf, 1], np.float32)),
}
save(HERE / "one.safetensors", one, {"format": "pt"})

shards = HERE / "shards"
shards.mkdir(exist_ok=True)
save(shards / "model-00001-of-00002.safetensors", {"weight": f32(weight)})
save(shards / "model-00002-of-00002.safetensors", {"bias": f32(bias)})
index = {"metadata": {"total_size": 144}, "weight_map": {
    "weight": "model-00001-of-00002.safetensors", "bias": "model-00002-of-00002.safetensors"}}
(shards / "model.safetensors.index.json").write_text(json.dumps(index))

readable = {"weight": weight, "bias": bias, "conv": conv, "half": half, "brain": brain}
lines = ["/// What `tensors.py` wrote into the checkpoints here: the bits of each tensor's floats.", "enum Expected {"]
for name, array in readable.items():
    bits = [f"0x{b:08X}" for b in array.astype("<f4").ravel().view("<u4")]
    lines.append(f"  static let {name}: [UInt32] = [")
    lines += ["    " + ", ".join(bits[i : i + 8]) + "," for i in range(0, len(bits), 8)]
    lines.append("  ]")
(HERE / "Expected.swift").write_text("\n".join(lines + ["}", ""]))
