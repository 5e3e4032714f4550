#!/usr/bin/env python3
"""Measures the release build: CPU against ffmpeg, time to the first record, peak memory. See README.md beside it.

A time never fails; the exit code is 1 only when a program does.
"""

import argparse
import contextlib
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
BEEP = ROOT / "media/beep.mp4"
FIXTURES = Path(os.environ.get("TANDEM_FIXTURES", ROOT / "media/fixtures")) / "bench"
TANDEM = Path(os.environ.get("TANDEM", ROOT / ".build/release/tandem")).absolute()
FFMPEG = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"]

CPU_GOAL, START_GOAL_MS, MEMORY_GOAL_MB, GROWTH_GOAL_MB, SAMPLE_BYTES = 1.25, 150, 120, 5, 64
LONG_MINUTES = 120
SAMPLING_SECONDS = 0.01
MB = 1e6

# A minute of small, simple pictures, and one of bare AAC frames, which may be strung together as bytes.
MINUTE_PICTURE = "-f lavfi -i testsrc2=s=320x240:r=25 -t 60 -c:v libx264 -preset veryfast -pix_fmt yuv420p".split()
MINUTE_SOUND = "-f lavfi -i sine=f=440:r=48000 -t 60 -c:a aac -b:a 64k".split()


class Failed(Exception):
    """A program under measurement ended badly."""


def hd_clip(size: str, seconds: int, rate: str, preset: str) -> list[str]:
    """Arguments that make a moving, noisy picture with pink noise beside it."""
    picture = f"testsrc2=s={size}:r=25,scroll=h=0.004,noise=alls=6:allf=t:all_seed=1,format=yuv420p"
    sound = "anoisesrc=c=pink:a=0.3:r=48000:seed=1"
    coding = f"-c:v libx264 -preset {preset} -bf 3 -b:v {rate} -c:a aac -ac 2 -b:a 128k"
    return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", str(seconds), *coding.split()]


def made(name: str, arguments: list) -> Path:
    """The path of a clip, made first where it is missing."""
    path = FIXTURES / name
    if not path.exists():
        print(f"making {name} …", file=sys.stderr, flush=True)
        FIXTURES.mkdir(parents=True, exist_ok=True)
        temporary = FIXTURES / f".{os.getpid()}.{name}"
        try:
            succeed([*FFMPEG, "-y", *map(str, arguments), temporary])
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def small_clip(minutes: int, kind: str) -> Path:
    """A small clip of that many minutes: pictures and sound of one minute, repeated without being coded again."""
    picture, sound = made("picture.mp4", MINUTE_PICTURE), made("sound.aac", MINUTE_SOUND)
    pictures = ["-stream_loop", minutes - 1, "-i", picture]
    sounds = ["-f", "aac", "-i", "concat:" + "|".join([str(sound)] * minutes)]
    joined = ["-map", "0:v", "-map", "1:a", "-c", "copy", "-t", minutes * 60]
    return made(f"small-{minutes}min.{kind}", [*pictures, *sounds, *joined])


def sample_count(path: Path) -> int:
    """Samples in the index of an MP4 file, of all its tracks."""
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=nb_frames", "-of", "json", path]
    return sum(int(stream["nb_frames"]) for stream in json.loads(succeed(command))["streams"])


def succeed(command: list, **more) -> str:
    """Standard output of a command that must succeed. more: as subprocess.run takes it."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **more)
    check(command, done.returncode)
    return done.stdout


def check(command: list, code: int):
    if code != 0:
        raise Failed(f"exit {code}: {shlex.join(map(str, command))}")


def reap(child: subprocess.Popen, options: int = 0):
    """Waits for a child; its resource usage, or None while it still runs."""
    pid, status, usage = os.wait4(child.pid, options)
    if pid == 0:
        return None
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage


def cpu_seconds(command: list) -> float:
    """User and system time of a command that must succeed."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    usage = reap(child)
    check(command, child.returncode)
    return usage.ru_utime + usage.ru_stime


def first_record_ms(command: list, feed: list | None = None) -> float:
    """Time from the spawn to the first complete line; what follows is not waited for."""
    with contextlib.ExitStack() as children:
        begin = time.monotonic()
        source = children.enter_context(stopped(feed, subprocess.DEVNULL)).stdout if feed else subprocess.DEVNULL
        child = children.enter_context(stopped(command, source))
        seen = b""
        while b"\n" not in seen:
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            if not chunk:
                raise Failed(f"no record: {shlex.join(map(str, command))}")
            seen += chunk
        return (time.monotonic() - begin) * 1000


@contextlib.contextmanager
def stopped(command: list, source):
    """A child with its output in an unbuffered pipe, ended when the block is left."""
    with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, bufsize=0) as child:
        try:
            yield child
        finally:
            child.kill()


def peak_bytes(command: list) -> int:
    """Highest summed PSS of a command and its descendants, sampled."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    peak = 0
    while reap(child, os.WNOHANG) is None:
        peak = max(peak, sum(map(pss_bytes, tree(child.pid))))
        time.sleep(SAMPLING_SECONDS)
    check(command, child.returncode)
    return peak


def tree(pid: int) -> Iterable[int]:
    """A process and its descendants; those that end meanwhile are left out."""
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def pss_bytes(pid: int) -> int:
    """Proportional share of memory, 0 for a process that has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def embed(clip, threads: int, output: Path) -> list:
    return [TANDEM, "embed", clip, "--quiet", "--threads", str(threads), "-o", output]


def verdict(value: float, goal: float) -> str:
    return "met" if value <= goal else "MISSED"


def machine():
    """Prints what the figures depend on."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    print(f"cpu      {models[0].split(':')[1].strip() if models else platform.machine()}, {os.cpu_count()} cores")
    print("load     " + " ".join(f"{load:.2f}" for load in os.getloadavg()))
    print(f"ffmpeg   {succeed(['ffmpeg', '-version']).split()[2]}")
    print(f"tandem   {succeed([TANDEM, '--version']).strip()}")
    print(f"OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'not set')}", flush=True)


def cpu(pairs: int, work: Path):
    """Section 1: user and system time against ffmpeg, in pairs that take turns at going first."""
    print(f"\nCPU of tandem embed against ffmpeg -f null, 60 s of 720p25, {pairs} pairs; goal {CPU_GOAL}, aim 1.0")
    print(f"{'preset':10} {'threads':>7} {'tandem s':>9} {'ffmpeg s':>9} {'ratio':>6} {'min–max':>11}")
    for preset in ("medium", "veryfast"):
        clip = made(f"720p-{preset}.mp4", hd_clip("1280x720", 60, "3M", preset))
        for threads in (1, 2):
            ours = embed(clip, threads, work / "out.arrows")
            theirs = [*FFMPEG, "-threads", str(threads), "-i", clip, "-f", "null", "-"]
            rows = [pair(ours, theirs, swapped=index % 2 == 1) for index in range(pairs)]
            ratios = [own / other for own, other in rows]
            times = " ".join(f"{median(column):9.2f}" for column in zip(*rows))
            spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
            ratio = median(ratios)
            print(f"{preset:10} {threads:7} {times} {ratio:6.2f} {spread:>11}  {verdict(ratio, CPU_GOAL)}", flush=True)


def pair(ours: list, theirs: list, swapped: bool) -> tuple[float, float]:
    """CPU seconds of both, one right after the other."""
    other = cpu_seconds(theirs) if swapped else None
    own = cpu_seconds(ours)
    return own, other if swapped else cpu_seconds(theirs)


def start(runs: int):
    """Section 2: time to the first record."""
    print(f"\nStart to first record, {runs} runs; goal {START_GOAL_MS} ms")
    print(f"{'input':12} {'median ms':>9} {'min–max':>11}")
    hd = made("720p-medium.mp4", hd_clip("1280x720", 60, "3M", "medium"))
    inputs = [("720p mp4", hd, None), ("4 s mp4", BEEP, None), ("4 s ts pipe", "-", ["cat", BEEP.with_suffix(".ts")])]
    for name, clip, feed in inputs:
        command = [TANDEM, "embed", clip, "--quiet", "--format", "ndjson", "--vectors", "none"]
        times = [first_record_ms(command, feed) for _ in range(runs)]
        spread = f"{min(times):.0f}–{max(times):.0f}"
        print(f"{name:12} {median(times):9.0f} {spread:>11}  {verdict(median(times), START_GOAL_MS)}", flush=True)


def memory(runs: int, work: Path):
    """Section 3: peak memory, and how it grows with the length of the input."""

    def peak(clip: Path, count: int) -> float:
        return median(peak_bytes(embed(clip, 2, work / "out.arrows")) for _ in range(count)) / MB

    print(f"\nPeak PSS at --threads 2, median of {runs} runs (of the two hours: one)")
    value = peak(made("1080p.mp4", hd_clip("1920x1080", 20, "5M", "medium")), runs)
    print(f"20 s 1080p {value:7.1f} MB  goal {MEMORY_GOAL_MB} MB  {verdict(value, MEMORY_GOAL_MB)}", flush=True)
    for kind in ("ts", "mkv", "mp4"):
        long = small_clip(LONG_MINUTES, kind)
        goal = GROWTH_GOAL_MB + (sample_count(long) * SAMPLE_BYTES / MB if kind == "mp4" else 0)
        minute, hours = peak(small_clip(1, kind), runs), peak(long, 1)
        grown = f"{kind:4} 1 min {minute:6.1f} MB  2 h {hours:6.1f} MB  growth {hours - minute:+6.1f} MB"
        print(f"{grown}  goal {goal:+.1f} MB  {verdict(hours - minute, goal)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half as many runs")
    parts = 2 if parser.parse_args().quick else 1
    machine()
    with tempfile.TemporaryDirectory() as folder:
        cpu(-(-5 // parts), Path(folder))
        start(-(-9 // parts))
        memory(-(-5 // parts), Path(folder))


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError) as problem:
        sys.exit(f"bench.py: {problem}")
