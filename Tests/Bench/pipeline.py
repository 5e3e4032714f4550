#!/usr/bin/env python3
"""Measures the whole way, media to records, against the pipeline that a Python user would write; and what --reuse saves.

See README.md beside it. Run it with the Python of scripts/bench_models.sh. A figure never fails.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median

import zoo
from bench import FFMPEG, MB, TANDEM, Failed, check, hd_clip, machine, made, reap, succeed
from models import ONEDNN, ONEDNN_BF16, OPENBLAS_SET, Variant, cosine

SECONDS = 60
STEADY_GOALS = {ONEDNN: 2.5, ONEDNN_BF16: 3.3, OPENBLAS_SET: 1.5}
TOTAL_GOAL, MEMORY_GOAL = 4.0, 0.5
RECIPE = "name: both\nvideo: {model: %s, fps: 2}\naudio: {model: %s, window: 10s, hop: 10s}\nfuse: concat\n"
EPSILONS = [0.25, 0.5, 1, 2, 4]

# A still with much detail, four times the size of the picture that is cut out of it.
SCENE = "mandelbrot=s=2560x1440:start_scale=0.2,loop=loop=-1:size=1:start=0,setpts=N/25/TB"
NOISE = "noise=alls=6:allf=t:all_seed=1,format=yuv420p"
CODING = "-c:v libx264 -preset medium -b:v 3M -c:a aac -ac 2 -b:a 128k".split()


def filmed(graph: str) -> list[str]:
    """Arguments that make a minute of a picture with broken noise beside it."""
    sound = "anoisesrc=c=brown:a=0.5:r=48000:seed=2,tremolo=f=0.7:d=0.8"
    return ["-filter_complex", f"{graph}[v];{sound}[a]", "-map", "[v]", "-map", "[a]", "-t", str(SECONDS), *CODING]


def clips() -> dict[str, Path]:
    """One that nothing in is still, a camera that pans, one that stands still while something passes twice."""
    pan = f"{SCENE},crop=1280:720:x='640+600*sin(t/3)':y='360+300*cos(t/4)',{NOISE}"
    passing = "overlay=x='if(between(mod(t,30),15,21),(mod(t,30)-15)*250-200,-300)':y=250"
    still = f"{SCENE},crop=1280:720:640:360[s];color=c=0xb05030:s=200x300:r=25[o];[s][o]{passing},{NOISE}"
    return {
        "test": made("720p-medium.mp4", hd_clip("1280x720", SECONDS, "3M", "medium")),
        "pan": made("720p-pan.mp4", filmed(pan)), "still": made("720p-still.mp4", filmed(still))}


class Run:
    """One process: seconds from spawn to end, most memory, what it wrote."""

    def __init__(self, command: list, environment: dict | None = None):
        with tempfile.TemporaryFile() as output:
            begin = time.monotonic()
            child = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
                env=environment)
            usage = reap(child)
            self.seconds = time.monotonic() - begin
            check(command, child.returncode)
            output.seek(0)
            self.output = output.read().decode()
        self.peak = usage.ru_maxrss * 1024


def embed(variant: Variant, clip: Path, *options) -> Run:
    command = [TANDEM, "embed", clip, "--quiet", "--format", "ndjson", "--threads", "2", *variant.flags, *options]
    return Run(command, variant.environment)


def against_python(name: str, clip: Path, recipe: Path, moment: Path, pairs: int):
    """Each pair: the Python pipeline, then all variants."""
    rounds = [one_round(clip, recipe, moment) for _ in range(pairs)]
    python = [times["python"] for times in rounds]
    shown = "  ".join(f"{label} {median(column):6.1f}" for label, column in zip(("steady s", "total s", "MB"), zip(*python)))
    print(f"\n{name}: {SECONDS} s of 720p25 with sound, median of {pairs} pairs; Python: {shown}")
    print(f"{'ours':13} {'steady s':>8} {'total s':>8} {'MB':>6}  {'steady ×':18} {'total ×':18} memory ×")
    for variant, goal in STEADY_GOALS.items():
        own = [times[variant.name] for times in rounds]
        figures = " ".join(f"{median(column):{width}.1f}" for column, width in zip(zip(*own), (8, 8, 6)))
        steady, total, memory = ([a[n] / b[n] for a, b in zip(python, own)] for n in range(3))
        memory = 1 / median(memory)
        kept = f"{memory:.2f} of {MEMORY_GOAL} {'met' if memory <= MEMORY_GOAL else 'MISSED'}"
        print(f"{variant.name:13} {figures}  {faster(steady, goal):24} {faster(total, TOTAL_GOAL):24} {kept}", flush=True)


def one_round(clip: Path, recipe: Path, moment: Path) -> dict:
    """(steady seconds, total seconds, MB) by who."""
    script = Path(__file__).with_name("user_pipeline.py")
    python = Run([sys.executable, script, clip, 2])
    report = json.loads(python.output)
    steady = report["seconds"][1]
    figures = {"python": (steady, python.seconds - steady, python.peak / MB)}
    for variant in STEADY_GOALS:
        start = embed(variant, moment, "--model", recipe).seconds
        whole = embed(variant, clip, "--model", recipe)
        rows = whole.output.count("\n")
        if abs(rows - report["windows"]) > 1:
            raise Failed(f"{rows} records of ours, {report['windows']} of Python's")
        figures[variant.name] = (whole.seconds - start, whole.seconds, whole.peak / MB)
    return figures


def faster(ratios: list[float], goal: float) -> str:
    ratio = median(ratios)
    spread = f"{ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
    return f"{spread} of {goal} {'met' if ratio >= goal else 'MISSED'}"


def reuse(name: str, clip: Path, pairs: int):
    """What --reuse saves, and how far its vectors are from those of the full run."""
    print(f"\n--reuse on {name}: pictures alone, CLIP, onednn f32, {pairs} pairs")
    print(f"{'EPS':>5} {'encoded':>9} {'time ×':18} {'cosine, least':>13} {'mean':>9}")
    options = ["--model", zoo.CLIP, "--tracks", "video"]
    for epsilon in EPSILONS:
        runs = [(embed(ONEDNN, clip, *options), embed(ONEDNN, clip, *options, "--reuse", epsilon)) for _ in range(pairs)]
        full, less = ([json.loads(line) for line in run.output.splitlines()] for run in runs[0])
        near = [cosine(a["video"], b["video"]) for a, b in zip(full, less)]
        # Every second window: they stand side by side.
        frames, reused = (sum(row[column] for row in less[::2]) for column in ("frames", "frames_reused"))
        ratios = [short.seconds / long.seconds for long, short in runs]
        spread = f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        print(f"{epsilon:5} {frames - reused:4}/{frames:<4} {spread:18} {min(near):13.6f} {mean(near):9.6f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--clip", choices=["test", "pan"], action="append", help="one of them alone")
    parser.add_argument("--part", choices=["python", "reuse"], action="append", help="one of them alone")
    options = parser.parse_args()
    parts = options.part or ["python", "reuse"]
    subprocess.run([sys.executable, Path(__file__).with_name("zoo.py")], check=True)
    media = clips()
    machine()
    with tempfile.TemporaryDirectory() as folder:
        recipe, moment = Path(folder) / "both.yaml", Path(folder) / "moment.mp4"
        recipe.write_text(RECIPE % (zoo.CLIP, zoo.CLAP))
        succeed([*FFMPEG, "-i", media["test"], "-t", "0.2", "-c", "copy", moment])
        for name in (options.clip or ["test", "pan"]) if "python" in parts else []:
            against_python(name, media[name], recipe, moment, options.pairs)
    for name in ("still", "pan") if "reuse" in parts else []:
        reuse(name, media[name], options.pairs)


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"pipeline.py: {problem}")
