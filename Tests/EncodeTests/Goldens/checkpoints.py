"""What scripts that make checkpoint cases share: weights without zeros and ones to hide behind, and the case format.

A case is a folder with a model's own files and cases.json: what goes in, as raw little-endian files, and what
transformers makes of it."""
import json
import math
import pathlib

import numpy as np
import torch


def randomise(model, seed=0):
    """Gives every tensor and buffer values that are neither 0 nor 1, of sizes that keep signals alive."""
    generator = torch.Generator().manual_seed(seed)
    tensors = list(model.named_parameters()) + list(model.named_buffers())
    with torch.no_grad():
        for name, tensor in tensors:
            if tensor.is_floating_point():
                tensor.copy_(drawn(name, tensor, torch.randn(tensor.shape, generator=generator)))
    return model.eval()


def drawn(name, tensor, noise):
    if name.endswith("running_var"):
        return 0.5 + noise.abs()
    if tensor.dim() == 1:
        is_scale = "norm" in name.lower() and name.endswith("weight")
        return (1.0 if is_scale else 0.0) + 0.2 * noise
    if "embedding.weight" in name or name.endswith(("class_embedding", "probe")):
        return 0.5 * noise
    return noise * (1.2 / math.sqrt(tensor[0].numel())) if tensor.dim() > 1 else 0.5 + 0.1 * noise


def picture(width, height, seed):
    """Gradients, stripes and noise, uint8 [height, width, 3]."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / (3 + c) + seed) * np.cos(y / (5 + c)) for c in range(3)]
    noise = generator.integers(-37, 38, (height, width, 3))
    return np.clip(np.stack(planes, axis=-1) + noise, 0, 255).astype("uint8")


class Case:
    """Writes one folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cases = []
        self.files = 0

    def pictures(self, pictures, expected):
        inputs = []
        for pixels in pictures:
            name = self.raw(pixels, "rgb")
            inputs.append({"file": name, "width": pixels.shape[1], "height": pixels.shape[0]})
        self.add("image", inputs, expected)

    def texts(self, texts, expected):
        self.add("text", [{"text": text} for text in texts], expected)

    def add(self, what, inputs, expected):
        expected = np.asarray(expected, "<f4")
        name = f"{what}.f32"
        expected.tofile(self.folder / name)
        self.cases.append({"what": what, "inputs": inputs, "expected": name, "shape": list(expected.shape)})

    def raw(self, values, kind):
        name = f"{self.files}.{kind}"
        self.files += 1
        values.tofile(self.folder / name)
        return name

    def write(self, name, content):
        (self.folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    def close(self):
        self.write("cases.json", self.cases)
