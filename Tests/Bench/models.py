#!/usr/bin/env python3
"""Measures the encoders of the release build against torch, ONNX Runtime and OpenVINO, in turn. See README.md beside it.

Run it with the Python of scripts/bench_models.sh. A figure never fails; the exit code is 1 only when a program does.
"""

import argparse
import contextlib
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import zoo
from bench import FFMPEG, TANDEM, Failed, machine, succeed, verdict

PEERS = [("torch", "f32"), ("onnxruntime", "f32"), ("openvino", "f32"), ("openvino", "bf16")]
# The kernels that OpenBLAS would choose by itself: these two belong together.
OWN_CHOICE = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
ITEMS = {"clip": ["image", "image_batch8"], "clap": ["audio"]}
FOLDERS = {"clip": zoo.CLIP, "clap": zoo.CLAP}
START_GOAL_MS, RSS_GOAL_MB, COSINE_GOAL, MB = 300, 100, 0.9995, 1e6


class Variant:
    """One way to run our program."""

    def __init__(self, name: str, *flags: str, without: tuple = ()):
        self.name, self.flags = name, flags
        self.environment = {key: value for key, value in os.environ.items() if key not in without}

    def run(self, *arguments) -> str:
        command = [TANDEM, *map(str, arguments), "--threads", "2", *self.flags]
        return succeed(command, env=self.environment)


ONEDNN = Variant("onednn f32", "--blas", "onednn")
ONEDNN_BF16 = Variant("onednn bf16", "--blas", "onednn", "--precision", "bf16")
OPENBLAS_OWN = Variant("openblas own", "--blas", "openblas", without=OWN_CHOICE)
OPENBLAS_SET = Variant("openblas set", "--blas", "openblas")
# In the order in which they run: each beside the peer that it is measured by.
PAIRS = [
    (ONEDNN, ("openvino", "f32"), {"image": 1.0, "image_batch8": 1.0, "audio": 1.0}),
    (ONEDNN_BF16, ("openvino", "bf16"), {"image": 1.1, "image_batch8": 1.1, "audio": 1.1}),
    (OPENBLAS_OWN, ("onnxruntime", "f32"), {"image": 1.1, "image_batch8": 1.0, "audio": 1.0}),
    (OPENBLAS_SET, ("torch", "f32"), {"image": 1.0, "image_batch8": 1.0, "audio": 1.0}),
]


class Peer:
    """A resident process of peers.py."""

    def __init__(self, runtime: str, precision: str, model: str):
        script = Path(__file__).with_name("peers.py")
        self.command = [sys.executable, script, runtime, model, precision, "2"]
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.line()

    def ask(self, *words):
        self.child.stdin.write(" ".join(map(str, words)) + "\n")
        self.child.stdin.flush()
        return json.loads(self.line())

    def line(self) -> str:
        line = self.child.stdout.readline()
        if not line:
            raise Failed(f"ended: {' '.join(map(str, self.command))}")
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()


def speed(model: str, pairs: int, seconds: float):
    """All variants and all peers, one after the other, some rounds; ratios within a round."""
    rounds, cores = [], {}
    with contextlib.ExitStack() as stack:
        peers = {key: stack.enter_context(Peer(*key, model)) for key in PEERS}
        for _ in range(pairs):
            rounds.append(one_round(model, peers, seconds, cores))
    print(f"\n{model}: milliseconds per item, median of {pairs} rounds; ratios ours / theirs, median (least–most)")
    print(f"{'item':13} {'ours':13} {'ms':>6}  {'theirs':15} {'ms':>6} {'alone':>6}  {'ratio':18} {'to alone':>8}  goal")
    for item in ITEMS[model]:
        for variant, key, goals in PAIRS:
            row(rounds, item, variant.name, key, goals[item])
        for variant, _, _ in PAIRS[:3]:
            row(rounds, item, variant.name, ("torch", "f32"), 1.0)
    print("products: " + ", ".join(f"{name}: {core}" for name, core in cores.items()), flush=True)


def one_round(model: str, peers: dict, seconds: float, cores: dict) -> dict:
    """Milliseconds by (who, item)."""
    times = {}
    for variant, key, _ in PAIRS:
        report = json.loads(variant.run("bench", "model", FOLDERS[model], "--json", "--seconds", seconds))
        cores[variant.name] = report["blas"]
        times |= {(variant.name, item["what"]): item["ms"] for item in report["items"]}
        for item in ITEMS[model]:
            for what in (item, f"{item}_alone"):
                times[key, what] = peers[key].ask("time", what, seconds)["ms"]
    return times


def row(rounds: list[dict], item: str, ours: str, key: tuple, goal: float):
    own, whole, alone = ([times[who] for times in rounds] for who in ((ours, item), (key, item), (key, f"{item}_alone")))
    ratios = [a / b for a, b in zip(own, whole)]
    ratio, bare = median(ratios), median(a / b for a, b in zip(own, alone))
    spread = f"{ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
    times = f"{median(own):6.1f}  {' '.join(key):15} {median(whole):6.1f} {median(alone):6.1f}"
    print(f"{item:13} {ours:13} {times}  {spread:18} {bare:8.2f}  {goal:.2f} {verdict(ratio, goal)}", flush=True)


def inputs(work: Path) -> dict[str, list[Path]]:
    """Pictures and sounds that are not alike."""
    pictures = {"test": "testsrc2=s=1280x720", "set": "mandelbrot=s=1280x720", "life": "life=s=1280x720:mold=10"}
    sounds = {"pink": "anoisesrc=c=pink:a=0.3:r=48000:d=10:seed=1", "tone": "sine=f=440:b=4:r=48000:d=10"}
    made = {"clip": [work / f"{name}.png" for name in pictures], "clap": [work / f"{name}.wav" for name in sounds]}
    for path, source in zip(made["clip"], pictures.values()):
        succeed([*FFMPEG, "-f", "lavfi", "-i", source, "-frames:v", "1", path])
    for path, source in zip(made["clap"], sounds.values()):
        succeed([*FFMPEG, "-f", "lavfi", "-i", source, "-c:a", "pcm_s16le", path])
    return made


def sameness(model: str, files: list[Path]):
    """That all compute the same; and what bf16 costs."""
    kind = "--image" if model == "clip" else "--audio"
    vectors = {}
    for variant in (ONEDNN, ONEDNN_BF16, OPENBLAS_SET):
        arguments = [word for path in files for word in (kind, path)]
        lines = variant.run("encode", "--model", FOLDERS[model], *arguments).splitlines()
        vectors[variant.name] = [json.loads(line)["vector"] for line in lines]
    for key in PEERS:
        with Peer(*key, model) as peer:
            vectors[" ".join(key)] = [peer.ask("vector", path) for path in files]
    print(f"\n{model}: least cosine to onednn f32 over {len(files)} inputs")
    for name in list(vectors)[1:]:
        least = min(map(cosine, vectors["onednn f32"], vectors[name]))
        goal = f"  goal {COSINE_GOAL} {'met' if least >= COSINE_GOAL else 'MISSED'}" if name == "onednn bf16" else ""
        print(f"{name:16} {least:.6f}{goal}", flush=True)


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def start(model: str, file: Path, runs: int):
    """From the spawn to the vector of one input, with the hash of the weights known."""
    kind = "--image" if model == "clip" else "--audio"
    for variant in (ONEDNN, ONEDNN_BF16, OPENBLAS_SET):
        times = []
        for _ in range(runs + 1):
            begin = time.monotonic()
            variant.run("encode", "--model", FOLDERS[model], kind, file)
            times.append((time.monotonic() - begin) * 1000)
        middle = median(times[1:])
        goal = f"  goal {START_GOAL_MS} {verdict(middle, START_GOAL_MS)}" if model == "clip" else ""
        spread = f"({min(times[1:]):.0f}–{max(times[1:]):.0f})"
        print(f"{model:5} {variant.name:13} start to vector {middle:5.0f} ms {spread}{goal}", flush=True)


def memory(model: str):
    """Resident after all items were run, against the tensors of the checkpoint in F32."""
    header = (FOLDERS[model] / "model.safetensors").open("rb")
    with header:
        names = json.loads(header.read(int.from_bytes(header.read(8), "little")))
    names.pop("__metadata__", None)
    tensors = sum(4 * math.prod(entry["shape"]) for entry in names.values() if entry["dtype"].startswith(("F", "BF")))
    for variant, _, _ in PAIRS:
        report = json.loads(variant.run("bench", "model", FOLDERS[model], "--json", "--seconds", 0.1))
        over = report["rss_mb"] - tensors / MB
        figures = f"resident {report['rss_mb']:4.0f} MB, tensors {tensors / MB:.0f} MB in F32, over {over:+.0f} MB"
        print(f"{model:5} {variant.name:13} {figures}  goal {RSS_GOAL_MB:+} {verdict(over, RSS_GOAL_MB)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each item of each program in each round")
    parser.add_argument("--model", choices=list(FOLDERS), action="append", help="one of them alone")
    options = parser.parse_args()
    models = options.model or list(FOLDERS)
    subprocess.run([sys.executable, Path(__file__).with_name("zoo.py")], check=True)
    machine()
    print("peers    " + ", ".join(f"{name} {version(name)}" for name in ("torch", "onnxruntime", "openvino", "transformers")))
    print(f"python   {platform.python_version()}; ONNX by torch.onnx, OpenVINO from the same; two threads each")
    for model in models:
        speed(model, options.pairs, options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        files = inputs(Path(folder))
        for model in models:
            sameness(model, files[model])
        print("\nStart and memory")
        for model in models:
            start(model, files[model][0], 5)
        for model in models:
            memory(model)


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"models.py: {problem}")
