"""EfficientNet-Lite in torch, after the TensorFlow original: no squeeze-and-excitation, relu6, TensorFlow's "SAME"
padding, https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"""
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from checkpoints import Case

# (repeats, kernel, stride, expansion, channels) of each stage
LITE0 = dict(stem_width=32, head_width=1280, image_size=224, stages=[
    [1, 3, 1, 1, 16], [2, 3, 2, 6, 24], [2, 5, 2, 6, 40], [3, 3, 2, 6, 80], [3, 5, 1, 6, 112], [4, 5, 2, 6, 192],
    [1, 3, 1, 6, 320]])
TINY = dict(stem_width=8, head_width=24, image_size=37, stages=[
    [1, 3, 1, 1, 6], [2, 5, 2, 3, 10], [2, 3, 2, 2, 12]])


def weights(config, seed=5):
    """Of the published names and shapes, at random."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}

    def convolution(name, out, inputs, kernel):
        fan = inputs * kernel * kernel
        tensors[f"{name}.weight"] = torch.randn(out, inputs, kernel, kernel, generator=generator) * (1.6 / fan**0.5)

    def norm(name, channels):
        draw = lambda: torch.randn(channels, generator=generator)  # noqa: E731
        tensors.update({
            f"{name}.weight": 1 + 0.2 * draw(), f"{name}.bias": 0.5 + 0.3 * draw(),
            f"{name}.running_mean": 0.2 * draw(), f"{name}.running_var": 0.5 + draw().abs(),
            f"{name}.num_batches_tracked": torch.tensor(1)})

    width = config["stem_width"]
    convolution("_conv_stem", width, 3, 3)
    norm("_bn0", width)
    for index, (kernel, _, expansion, inputs, outputs) in enumerate(layers(config)):
        name, inner = f"_blocks.{index}", inputs * expansion
        if expansion != 1:
            convolution(f"{name}._expand_conv", inner, inputs, 1)
            norm(f"{name}._bn0", inner)
        convolution(f"{name}._depthwise_conv", inner, 1, kernel)
        norm(f"{name}._bn1", inner)
        convolution(f"{name}._project_conv", outputs, inner, 1)
        norm(f"{name}._bn2", outputs)
    convolution("_conv_head", config["head_width"], config["stages"][-1][4], 1)
    norm("_bn1", config["head_width"])
    return tensors


def layers(config):
    """(kernel, stride, expansion, inputs, outputs) of each block."""
    inputs = config["stem_width"]
    for repeats, kernel, stride, expansion, outputs in config["stages"]:
        for repeat in range(repeats):
            yield kernel, stride if repeat == 0 else 1, expansion, inputs, outputs
            inputs = outputs


def features(tensors, config, x):
    def convolve(x, name, norm, stride=1, groups=1):
        weight = tensors[f"{name}.weight"]
        x = F.conv2d(same(x, weight.shape[-1], stride), weight, None, stride, 0, 1, groups)
        parts = [tensors[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *parts, False, 0, 1e-3)

    x = F.relu6(convolve(x, "_conv_stem", "_bn0", 2))
    for index, (_, stride, expansion, inputs, outputs) in enumerate(layers(config)):
        name, y = f"_blocks.{index}.", x
        if expansion != 1:
            y = F.relu6(convolve(y, name + "_expand_conv", name + "_bn0"))
        y = F.relu6(convolve(y, name + "_depthwise_conv", name + "_bn1", stride, y.shape[1]))
        y = convolve(y, name + "_project_conv", name + "_bn2")
        x = x + y if stride == 1 and inputs == outputs else y
    return F.relu6(convolve(x, "_conv_head", "_bn1")).mean((2, 3))


def same(x, kernel, stride):
    edges = [max((math.ceil(size / stride) - 1) * stride + kernel - size, 0) for size in x.shape[-2:]]
    (down, across) = edges
    return F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))


def prepared(pixels, size):
    height, width = pixels.shape[:2]
    side = int(0.875 * min(width, height))
    box = ((width - side) // 2, (height - side) // 2, (width - side) // 2 + side, (height - side) // 2 + side)
    small = Image.fromarray(pixels).crop(box).resize((size, size), Image.BICUBIC)
    return (torch.from_numpy(np.asarray(small).astype("f4")).permute(2, 0, 1)[None] - 127) / 128


@torch.inference_mode()
def case(folder, pictures, config, tensors=None):
    made = Case(folder)
    tensors = tensors or weights(config)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, made.folder / "model.safetensors")
    made.write("config.json", dict(config, model_type="efficientnet-lite0"))
    double = {name: tensor.double() for name, tensor in tensors.items()}
    made.pictures(pictures, np.concatenate([
        features(double, config, prepared(one, config["image_size"]).double()).numpy() for one in pictures]))
    made.close()
