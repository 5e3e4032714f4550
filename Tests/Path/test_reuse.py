"""--reuse: frames that hardly differ take over a vector; a cut never does."""

import subprocess
from pathlib import Path

import numpy as np
import pyarrow.ipc
import pytest

CLIP = Path(__file__).resolve().parents[1] / "EncodeTests/Goldens/clip"
CLAP = CLIP.with_name("clap")
# One frame of a scene, held, with the noise of a sensor in every picture.
HELD = "loop=loop=-1:size=1:start=0,setpts=N/25/TB,noise=alls=8:allf=t:all_seed=%d,trim=duration=%d"


@pytest.fixture(scope="module")
def camera(tmp_path_factory) -> Path:
    """A camera that stands still for 24 s, is turned at 6 s, and sees a new thing at 15 s."""
    path = tmp_path_factory.mktemp("reuse") / "camera.mkv"
    scenes = [("testsrc2=s=160x90:r=25", 6), ("mandelbrot=s=160x90:r=25", 9), ("rgbtestsrc=s=160x90:r=25", 9)]
    chains = [f"{source},{HELD % (n, length)},format=yuv420p[v{n}]" for n, (source, length) in enumerate(scenes)]
    graph = ";".join(chains) + ";[v0][v1][v2]concat=n=3:v=1[v]"
    coding = ["-map", "[v]", "-t", "24", "-c:v", "ffv1", path]
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-filter_complex", graph, *coding], check=True)
    return path


def _options(*more) -> list:
    return ["--model", CLIP, "--blas", "openblas", *more]


def test_a_camera_that_stands_still_is_encoded_at_cuts_and_every_ten_seconds(tandem, camera):
    rows = tandem.windows(*_options("--reuse", "4"), camera)
    encoded = [0, 12, 20, 30, 40]  # instants, two a second
    for row in rows:
        inside = range(2 * row["window"], min(2 * row["window"] + 4, 48))
        assert row["frames"] == len(inside)
        assert row["frames_reused"] == len(set(inside) - set(encoded))


def test_the_vectors_stay_near_those_of_every_frame(tandem, camera):
    full = tandem.rows(*_options(), camera)
    reused = tandem.rows(*_options("--reuse", "4"), camera)
    assert len(full) == len(reused) and all(row["frames_reused"] == 0 for row in full)
    assert min(np.dot(a["video"], b["video"]) for a, b in zip(full, reused)) > 0.99
    assert np.dot(full[2]["video"], full[8]["video"]) < 0.9  # so a vector kept over the cut would be seen


def test_each_vector_is_that_of_the_frame_encoded_last(tandem, camera, tmp_path):
    full, reused = (_steps(tandem, camera, tmp_path, *more) for more in ((), ("--reuse", "4")))
    for begin, end in [(0, 12), (12, 20), (20, 30), (30, 40), (40, 48)]:
        for instant in range(begin, end):
            assert reused[instant] == pytest.approx(full[begin], abs=1e-4)


def test_noise_above_the_limit_is_encoded(tandem, camera):
    assert all(row["frames_reused"] == 0 for row in tandem.windows(*_options("--reuse", "0.01"), camera))
    rows = tandem.windows(*_options("--reuse", "255"), camera)
    assert sum(row["frames_reused"] for row in rows[:6]) == sum(row["frames"] for row in rows[:6]) - 1


def test_batches_and_threads_change_no_decision(tandem, camera):
    usual = tandem.windows(*_options("--reuse", "0.3"), camera)
    assert tandem.windows(*_options("--reuse", "0.3", "--deterministic", "--threads", "1"), camera) == usual
    alone = tandem.rows(*_options("--reuse", "0.3", "--deterministic"), camera)
    for row, other in zip(alone, tandem.rows(*_options("--reuse", "0.3"), camera)):
        assert row["video"] == pytest.approx(other["video"], abs=1e-5)


@pytest.mark.parametrize("start", [3, 9, 13, 19])
def test_windows_chosen_by_start_equal_those_of_the_whole(tandem, camera, start):
    options = _options("--reuse", "4", "--deterministic")
    assert tandem.rows("--start", f"{start}s", *options, camera) == tandem.rows(*options, camera)[start:]


def test_it_is_part_of_what_made_the_records(tandem, camera, tmp_path):
    off, zero, four, five = (
        _read(tandem, camera, tmp_path, *more).schema.metadata[b"tandem.config_sha256"]
        for more in ((), ("--reuse", "0"), ("--reuse", "4"), ("--reuse", "5")))
    assert off == zero and len({off, four, five}) == 3


@pytest.mark.parametrize("value", ["nan", "-1", "-nan", "inf", "255.1", "much"])
def test_no_difference_of_luma_is_refused(tandem, camera, value):
    done = tandem("embed", f"--reuse={value}", "--model", CLIP, camera)
    assert done.returncode == 64 and b"reuse" in done.stderr


@pytest.mark.parametrize("model, reason", [("builtin", b"it must see all"), (CLAP, b"has no encoder for pictures")])
def test_models_that_cannot_reuse_say_so(tandem, camera, model, reason):
    done = tandem("embed", "--reuse", "2", "--model", model, camera)
    assert done.returncode == 64 and reason in done.stderr


def _read(tandem, camera, tmp_path, *more):
    path = tmp_path / "records.arrows"
    tandem.ok("embed", "--quiet", *_options(*more), "-o", path, camera)
    return pyarrow.ipc.open_stream(path).read_all()


def _steps(tandem, camera, tmp_path, *more) -> dict[int, list]:
    """Vectors of the steps by their instant, two a second."""
    rows = _read(tandem, camera, tmp_path, "--steps", *more).column("video_steps").to_pylist()
    return {step["t_ns"] // 500_000_000: step["vector"] for row in rows for step in row}
