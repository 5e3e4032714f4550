"""One runtime with one model, resident, so that others can be timed in turn with it:

    peers.py torch|onnxruntime|openvino clip|clap f32|bf16 THREADS

Says `ready`, then answers each line with a line of JSON: `time ITEM SECONDS` with the median and the least of the
milliseconds per item, `vector FILE` with the vector of a picture or of a mono 48 kHz WAV.
ITEM: image, image_batch8, audio (from pixels or samples), or the same with `_alone` (from prepared tensors).
"""

import json
import sys
import time
from statistics import median

import numpy as np
import torch
import zoo
import torchvision_operators  # noqa: F401  found by zoo


def run_torch(folder, batch, precision, threads):
    """A function from a prepared tensor to vectors, as arrays; so are those of the other two."""
    model = zoo.tower(folder)
    return lambda tensor: model(tensor).numpy()


def run_onnxruntime(folder, batch, precision, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(zoo.graph(folder, batch), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda tensor: session.run(None, {name: tensor.numpy()})[0]


def run_openvino(folder, batch, precision, threads):
    import openvino

    hints = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(zoo.graph(folder, batch), "CPU", hints).create_infer_request()

    def run(tensor):
        request.set_input_tensor(openvino.Tensor(tensor.numpy(), shared_memory=True))
        request.infer()
        return request.get_output_tensor().data

    return run


RUNTIMES = {"torch": run_torch, "onnxruntime": run_onnxruntime, "openvino": run_openvino}


def pixels() -> np.ndarray:
    """Slopes of 1280 × 720, as `tandem bench model` draws them."""
    y, x = np.mgrid[0:720, 0:1280]
    return np.stack([x // 6, y // 3, (x + y) // 8], axis=-1).astype(np.uint8)


def samples() -> np.ndarray:
    """Ten seconds of a chirp."""
    step = np.arange(480_000) / 480_000
    phase = np.cumsum(0.02 + 0.2 * step)
    return (0.5 * (phase - np.round(phase))).astype(np.float32)


class Pictures:
    """As transformers prepares them, by torchvision."""

    def __init__(self):
        from transformers import CLIPImageProcessor

        self.processor = CLIPImageProcessor.from_pretrained(zoo.CLIP)
        one = pixels()
        self.trials = {"image": [one], "image_batch8": [one.copy() for _ in range(8)]}

    def prepare(self, pictures):
        planes = [torch.from_numpy(picture).permute(2, 0, 1) for picture in pictures]
        return self.processor(planes, return_tensors="pt")["pixel_values"]

    def read(self, path):
        from PIL import Image

        return [np.array(Image.open(path).convert("RGB"))]


class Sounds:
    """As transformers prepares them."""

    def __init__(self):
        from transformers import ClapFeatureExtractor

        self.extractor = ClapFeatureExtractor.from_pretrained(zoo.CLAP)
        self.trials = {"audio": [samples()]}

    def prepare(self, sounds):
        return self.extractor(sounds, sampling_rate=48_000, return_tensors="pt")["input_features"]

    def read(self, path):
        from scipy.io import wavfile

        return [wavfile.read(path)[1].astype(np.float32) / 32768]


class Peer:
    def __init__(self, runtime, name, precision, threads):
        torch.set_num_threads(threads)
        self.make = lambda batch: RUNTIMES[runtime](folder, batch, precision, threads)
        folder, self.inputs = (zoo.CLIP, Pictures()) if name == "clip" else (zoo.CLAP, Sounds())
        self.runs = {}

    def encode(self, tensor):
        batch = len(tensor)
        if batch not in self.runs:
            self.runs[batch] = self.make(batch)
        return self.runs[batch](tensor)

    def time(self, item, seconds):
        trial = self.inputs.trials[item.removesuffix("_alone")]
        prepared = self.inputs.prepare(trial)
        if item.endswith("_alone"):
            return timed(lambda: self.encode(prepared), seconds, len(trial))
        return timed(lambda: self.encode(self.inputs.prepare(trial)), seconds, len(trial))

    def vector(self, path):
        return self.encode(self.inputs.prepare(self.inputs.read(path)))[0].tolist()


def timed(work, seconds, items):
    """As `tandem bench model` does it: one run to warm up, then as many as the time allows, at least three."""
    work()
    times, begin = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000 / items)
    return {"ms": median(times), "min": min(times)}


@torch.inference_mode()
def main(runtime, name, precision, threads):
    peer = Peer(runtime, name, precision, int(threads))
    print("ready", flush=True)
    for line in sys.stdin:
        what, *rest = line.split(maxsplit=1)
        if what == "time":
            item, seconds = rest[0].split()
            answer = peer.time(item, float(seconds))
        else:
            answer = peer.vector(rest[0].strip())
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
