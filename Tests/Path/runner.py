"""Runs the program under test, and remembers what it said about a file."""

import json
import os
import shutil
import subprocess
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import truth

ROOT = Path(__file__).resolve().parents[2]


class Tandem:
    """The command under test. `work` holds the files that it writes."""

    def __init__(self, program: Path, work: Path):
        self.program = program
        self.work = work
        self.inspect = cache(self._inspect)
        self.frames = cache(self._frames)
        self.sound = cache(self._sound)
        self.both = cache(self._both)

    def command(self, *arguments) -> list[str]:
        return [str(self.program), *map(str, arguments)]

    def __call__(self, *arguments, timeout: float = 60, **options) -> subprocess.CompletedProcess:
        """Runs to the end; output as bytes. Fails by TimeoutExpired where it hangs."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True} | options
        if "input" in options:
            del options["stdin"]
        return subprocess.run(self.command(*arguments), timeout=timeout, **options)

    def ok(self, *arguments, **options) -> bytes:
        """Standard output of a run that must succeed."""
        done = self(*arguments, **options)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr.decode()[-600:]}"
        return done.stdout

    def ndjson(self, *arguments, **options) -> bytes:
        return self.ok("embed", "--quiet", "--format", "ndjson", "-o", "-", *arguments, **options)

    def rows(self, *arguments, **options) -> list[dict]:
        return lines(self.ndjson(*arguments, **options))

    def windows(self, *arguments, **options) -> list[dict]:
        """Records without their vectors."""
        return self.rows("--vectors", "none", *arguments, **options)

    def _inspect(self, path: Path) -> dict:
        return json.loads(self.ok("inspect", "--json", path))

    def _frames(self, path: Path) -> list[truth.Frame]:
        target = self.work / f"{path.name}.csv"
        self.ok("inspect", path, "--frames", target, timeout=300)
        return truth.frames(target)

    def _both(self, path: Path, rate: int = truth.RATE, epoch: int = 0) -> tuple[np.ndarray, list[truth.Frame]]:
        """Sound of an epoch and frames of all, in one run."""
        wav, csv = (self.work / f"{path.name}.{kind}" for kind in ("wav", "csv"))
        arguments = ["--wav", wav, "--rate", rate, "--epoch", epoch, "--frames", csv]
        self.ok("inspect", path, *arguments, timeout=300)
        return truth.sound(wav)[0], truth.frames(csv)

    def _sound(self, path: Path, rate: int = truth.RATE, epoch: int = 0) -> np.ndarray:
        target = self.work / f"{path.name}.{epoch}.wav"
        self.ok("inspect", path, "--wav", target, "--rate", rate, "--epoch", epoch, timeout=300)
        samples, written = truth.sound(target)
        target.unlink()
        assert written == rate
        return samples

    def offsets(self, path: Path, epoch: int = 0) -> np.ndarray:
        """Sound minus picture, in seconds, of every event of an epoch."""
        samples, frames = self.both(path, epoch=epoch)
        return truth.offsets(truth.beeps(samples), truth.flashes(frames, epoch))


def lines(output: bytes) -> list[dict]:
    return [json.loads(line) for line in output.decode().splitlines()]


def ticks(report: dict) -> Fraction:
    """One tick of the first sound track plus one of the first video track, in seconds."""
    first = {track["kind"]: Fraction(track["time_base"]) for track in reversed(report["tracks"])}
    return first["audio"] + first["video"]


def shell_code(returncode: int) -> int:
    """The exit code as a shell shows it: 128 + the signal."""
    return 128 - returncode if returncode < 0 else returncode


def long_run() -> bool:
    return os.environ.get("TANDEM_LONG") == "1"


def stand_in(name: str, folder: Path) -> Path:
    """`name`.c of this folder as a library for LD_PRELOAD; skips the test where there is no C compiler."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library
