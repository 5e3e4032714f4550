"""Encoders that are other programs: exact times reach them, and whatever they do, the stream goes on and all is counted."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from runner import ROOT, lines, shell_code

STRANGE = Path(__file__).with_name("strange_encoder.py")
CONFIGS = ROOT / "configs/models"
CLIP = "beep.mp4"
#: Pictures of the clip at 8 per second: it lasts 4 s.
PICTURES = 32


class Strange:
    """A recipe around `strange_encoder.py` in one mode, and what is left of its processes."""

    def __init__(self, folder: Path, mode: str, at: int | None = None, keys: str = "timeout: 500ms"):
        self.pids = folder / "pids"
        self.recipe = folder / "strange.yaml"
        words = [sys.executable, STRANGE, self.pids, mode] + ([] if at is None else [f'"{at}"'])
        self.recipe.write_text(f"name: strange\nvideo: {{command: [{', '.join(map(str, words))}], {keys}}}\n")

    @property
    def starts(self) -> int:
        return len(self.pids.read_text().split())

    def left(self) -> list[str]:
        """Processes that still run; those that only wait to be reaped by another are gone."""
        deadline = time.monotonic() + 2
        while alive := [pid for pid in self.pids.read_text().split() if _runs(pid)]:
            if time.monotonic() > deadline:
                return alive
            time.sleep(0.02)
        return []


def _runs(pid: str) -> bool:
    try:
        return not re.search(r"\) [ZX]", Path(f"/proc/{pid}/stat").read_text())
    except FileNotFoundError:
        return False


def _run(tandem, media, strange: Strange, *options, limit: float = 10):
    """Rows, what standard error says, and the counters of its last line; every check that holds for all modes."""
    began = time.monotonic()
    arguments = ["embed", "--quiet", "--steps", "--format", "ndjson", "-o", "-", "--model", strange.recipe]
    done = tandem(*arguments, *options, media(CLIP))
    took = time.monotonic() - began
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert took < limit, f"{took:.1f} s: {said[-600:]}"
    assert strange.left() == []
    rows = lines(done.stdout)
    plain = tandem.windows("--fps", "8", media(CLIP))
    for row, other in zip(rows, plain, strict=True):
        for key in ("window", "start_ns", "video_pts", "frames", "audio_valid", "uncertainty_us"):
            assert row[key] == other[key]
    counters = {}
    if "encoder_requests" in said:
        last = said.strip().splitlines()[-1]
        counters = {key: int(value) for key, value in re.findall(r"encoder_(\w+) (\d+)", last)}
        assert counters["requests"] == counters.get("answers", 0) + counters.get("failed", 0) == PICTURES
        kinds = [value for key, value in counters.items() if key.startswith("failed_")]
        assert sum(kinds) == counters.get("failed", 0)
    return rows, said, counters


def _steps(rows) -> dict[int, list[float]]:
    """Each picture's vector by its time."""
    return {step["t_ns"]: step["vector"] for row in rows for step in row["video_steps"]}


def _check(rows, lost: set[int] = frozenset()) -> None:
    """Steps stand where the program was told they do; those with lost numbers are missing and nothing else."""
    steps = _steps(rows)
    times = [n * 125_000_000 for n in range(PICTURES)]
    assert sorted(steps) == [t for n, t in enumerate(times) if n not in lost]
    for t_ns, (milliseconds, rest, number, _) in steps.items():
        assert milliseconds * 10**6 + rest == t_ns
        assert number == t_ns // 125_000_000, "answers belong to their requests"
    for row in rows:
        inside = [n for n in range(PICTURES) if row["start_ns"] <= times[n] < row["start_ns"] + row["duration_ns"]]
        held = [n for n in inside if n not in lost]
        assert row["video_valid"] == pytest.approx(len(held) / 16, abs=1e-6)
        if not held:
            assert row["video"] is None and row["fused"] is None
            continue
        mean = np.mean([steps[times[n]] for n in held], axis=0)
        assert row["video"] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


@pytest.mark.parametrize("mode", ["good", "reorder", "brief", "repeat", "unknown"])
def test_vectors_stand_at_the_exact_times_of_their_pictures(tandem, media, tmp_path, mode):
    strange = Strange(tmp_path, mode)
    rows, said, counters = _run(tandem, media, strange)
    _check(rows)
    pts = {int(vector[3]) for vector in _steps(rows).values()}
    assert pts == {stamp for row in rows for stamp in row["video_pts"]}, "native stamps reach the program"
    assert strange.starts == 1
    assert ("answered request" in said) == (mode in ("repeat", "unknown"))
    assert not counters, "a program that answers everything needs no account"


@pytest.mark.parametrize("mode, kind, restarts", [
    ("sleep", "timeout", 1), ("stubborn", "timeout", 1), ("exit", "exit", 1), ("kill", "exit", 1), ("fork", "exit", 1),
    ("mute", "closed", 1), ("garbage", "garbage", 1), ("endless", "garbage", 1), ("size", "size", 1),
    ("nan", "not_finite", 0), ("error", "error", 0),
])
def test_a_mishap_costs_the_picture_under_way(tandem, media, tmp_path, mode, kind, restarts):
    strange = Strange(tmp_path, mode, at=9)
    rows, said, counters = _run(tandem, media, strange)
    _check(rows, lost={9})
    assert counters["failed"] == counters[f"failed_{kind}"] == 1
    assert counters.get("restarts", 0) == restarts
    assert strange.starts == 1 + restarts + (mode == "fork")
    mine = [line for line in said.splitlines() if line.startswith("tandem: warning: encoder strange_encoder.py")]
    assert len(mine) == 2, "told once, and counted at the end"


def test_of_a_batch_all_that_is_under_way_is_lost(tandem, media, tmp_path):
    strange = Strange(tmp_path, "batch", at=3)
    rows, said, counters = _run(tandem, media, strange)
    assert counters["failed"] >= 4 and counters["restarts"] >= 1
    assert set(_steps(rows)) < {n * 125_000_000 for n in range(PICTURES)}


@pytest.mark.parametrize("mode, kind", [
    ("exit", "exit"), ("garbage", "garbage"), ("size", "size"), ("mute", "closed"), ("deaf", "timeout"),
])
def test_a_program_that_only_fails_is_given_up_and_the_rest_goes_on(tandem, media, tmp_path, mode, kind):
    # Where it is not the time that is to fail, a busy machine has enough of it.
    strange = Strange(tmp_path, mode, keys="timeout: 300ms" if mode == "deaf" else "timeout: 5s")
    rows, said, counters = _run(tandem, media, strange, limit=20)
    _check(rows, lost=set(range(PICTURES)))
    assert counters["failed"] == PICTURES and counters[f"failed_{kind}"] == 5 and counters["failed_down"] == PICTURES - 5
    assert counters["restarts"] == 4 and strange.starts == 5
    assert "given up" in said


def test_what_only_one_modality_lost_leaves_the_others(tandem, media, tmp_path):
    strange = Strange(tmp_path, "exit")
    text = strange.recipe.read_text() + "audio: {command: [%s, %s, sound], hop: 500ms}\n" % (
        sys.executable, _sound(tmp_path))
    strange.recipe.write_text(text)
    rows, *_ = _run(tandem, media, strange)
    assert all(row["video"] is None and row["audio"] is not None and row["fused"] is not None for row in rows)


def test_a_program_that_always_refuses_stays(tandem, media, tmp_path):
    strange = Strange(tmp_path, "error")
    rows, said, counters = _run(tandem, media, strange)
    _check(rows, lost=set(range(PICTURES)))
    assert counters["failed_error"] == PICTURES and strange.starts == 1 and said.count("too dark") == 1


def test_a_program_that_says_something_else_when_started_anew_is_not_believed(tandem, media, tmp_path):
    strange = Strange(tmp_path, "changed", at=2)
    rows, said, counters = _run(tandem, media, strange)
    _check(rows, lost=set(range(2, PICTURES)))
    assert "something else" in said and counters["failed_down"] == PICTURES - 3


def test_megabytes_on_standard_error_are_bounded_and_hold_nobody_up(tandem, media, tmp_path):
    strange = Strange(tmp_path, "shout")
    rows, said, _ = _run(tandem, media, strange)
    _check(rows)
    assert len(said) < 300_000 and "not shown" in said
    assert all(len(line) < 1100 for line in said.splitlines())


@pytest.mark.parametrize("mode", ["lingering", "clinging"])
def test_a_program_that_does_not_end_is_ended(tandem, media, tmp_path, mode):
    """Its input is closed; it goes on, and one also ignores SIGTERM."""
    strange = Strange(tmp_path, mode)
    rows, *_ = _run(tandem, media, strange, limit=6)
    _check(rows)


@pytest.mark.parametrize("mode, reason", [
    ("start", "before its handshake it ended with exit code 5"), ("silent", "no handshake within 3.0 s"),
    ("banner", 'sent "loading the model" for a handshake'),
])
def test_without_a_handshake_there_is_no_run(tandem, media, tmp_path, mode, reason):
    # Long enough for Python to start on a busy machine.
    strange = Strange(tmp_path, mode, keys="start_timeout: 3s") if mode == "silent" else Strange(tmp_path, mode)
    done = tandem("embed", "--model", strange.recipe, media(CLIP))
    assert done.returncode == 78 and done.stdout == b""
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("tandem: recipe strange: video: strange_encoder.py: ") and reason in last
    assert strange.left() == []


@pytest.mark.parametrize("recipe, complaint", [
    ("video: {command: [no-such-program]}", "no-such-program: No such file or directory"),
    ("video: {command: []}", "names no program"),
    ("video: {command: python3}", "command: is a plain value, not a list"),
    ("video: {command: [cat], model: clip}", "excludes model"),
    ("video: {model: clip, timeout: 3s}", "goes with command alone"),
    ("video: {command: [cat], timeout: 0s}", "is not between 1ms and 1d"),
    ("video: {command: [cat], retries: 3}", "unknown key"),
    ("video: {fps: 2}", "has no model"),
    ("video: {command: [cat]}", "the handshake has the unknown key"),
])
def test_wrong_recipes_are_named(tandem, media, tmp_path, recipe, complaint):
    path = tmp_path / "wrong.yaml"
    path.write_text(f"name: wrong\n{recipe}\n")
    done = tandem("embed", "--model", path, media(CLIP))
    assert done.returncode == 78 and complaint in done.stderr.decode(), done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("keys, hello, complaint", [
    ("", {"rate": 8000, "window": "3/7s"}, "window is not a whole number of samples"),
    ("", {"rate": 8000, "window": "11min"}, "window is not between 0 and 10 minutes"),
    ("", {"rate": 8000, "window": "soon"}, "window: soon is no length of time"),
    ("", {"rate": 8000, "window": 1, "hop": 2}, "hop is longer than the window"),
    ("", {"rate": 8000, "window": "10s", "hop": "1ms"}, "window is more than 1000 hops"),
    (", hop: 5ms", {"rate": 8000, "window": "10s"}, "window is more than 1000 hops"),
    ("", {"rate": 384000, "window": "100s"}, "window is more than 33554432 samples"),
    (", window: 2s", {"rate": 8000, "window": 1}, "window is 1.0 s, not the recipe's"),
    ("", {"rate": 8000}, "window is missing"),
    ("", {"rate": 8000, "window": 1, "modality": "video"}, "the recipe has it for audio"),
    ("", {"rate": 8000, "window": 1, "protocol": "tandem-encoder/2"}, "not tandem-encoder/1"),
])
def test_wishes_that_cannot_be_met_are_named(tandem, media, tmp_path, keys, hello, complaint):
    hello = {"protocol": "tandem-encoder/1", "name": "n", "modality": "audio", "dim": 4} | hello
    (tmp_path / "wish.sh").write_text(f"read greeting\necho '{json.dumps(hello)}'\ncat >/dev/null\n")
    (tmp_path / "wish.yaml").write_text(f"name: wish\naudio: {{command: [sh, wish.sh]{keys}}}\n")
    done = tandem("models", "show", tmp_path / "wish.yaml")
    assert done.returncode == 78 and complaint in done.stderr.decode(), done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("number, code", [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("mode", ["sleep", "silent"])
def test_a_signal_does_not_wait_for_the_program(tandem, media, tmp_path, mode, number, code):
    strange = Strange(tmp_path, mode, at=9, keys="timeout: 60s")
    arguments = ["embed", "--quiet", "--format", "ndjson", "--model", strange.recipe, media(CLIP)]
    with subprocess.Popen(tandem.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        time.sleep(1.5)
        began = time.monotonic()
        running.send_signal(number)
        running.communicate(timeout=10)
    assert shell_code(running.returncode) == code
    assert time.monotonic() - began < 3
    assert strange.left() == []


@pytest.mark.parametrize("mode", ["sleep", "stubborn"])
def test_a_kill_leaves_no_process_behind(tandem, media, tmp_path, mode):
    """Nobody can end the program then but the kernel; it does not read, so it would not see the end of its input."""
    strange = Strange(tmp_path, mode, at=9, keys="timeout: 60s")
    arguments = ["embed", "--quiet", "--format", "ndjson", "--model", strange.recipe, media(CLIP)]
    with subprocess.Popen(tandem.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        time.sleep(1.5)
        assert strange.starts == 1
        running.kill()
        running.communicate(timeout=5)
    assert strange.left() == []


def test_a_second_signal_leaves_no_process_behind(tandem, media, tmp_path):
    strange = Strange(tmp_path, "sleep", at=9, keys="timeout: 60s")
    arguments = ["embed", "--quiet", "--format", "ndjson", "--model", strange.recipe, media(CLIP)]
    with subprocess.Popen(tandem.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        time.sleep(1)
        for _ in range(2):
            running.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        running.communicate(timeout=5)
    assert shell_code(running.returncode) == 143
    assert strange.left() == []


def test_a_deterministic_run_asks_one_by_one(tandem, media, tmp_path):
    strange = Strange(tmp_path, "batch", at=3)
    rows, _, counters = _run(tandem, media, strange, "--deterministic")
    _check(rows, lost={3})
    assert counters["failed"] == 1


# Sound and text

SOUND = '''
import json, sys
import numpy as np
source, sink = sys.stdin.buffer, sys.stdout.buffer
kind = sys.argv[1]
source.readline()
hello = {"protocol": "tandem-encoder/1", "name": "ear", "modality": "audio", "rate": 8000, "window": "1s", "dim": 4}
if kind == "text":
    hello = {"protocol": "tandem-encoder/1", "name": "reader", "modality": "text", "dim": 4}
sink.write(json.dumps(hello).encode() + b"\\n"); sink.flush()
while line := source.readline():
    request = json.loads(line)
    payload = source.read(request["bytes"])
    if kind == "text":
        vector = [len(payload.decode()), request["t_ns"] / 1e6, request["duration_ns"] / 1e6, 1]
    else:
        samples = np.frombuffer(payload, "<f4")
        assert request["rate"] == 8000 and len(samples) == 8000
        vector = [request["first_sample"], request["t_ns"] / 1e6, request["duration_ns"] / 1e6,
                  float(np.sum(samples ** 2))]
    vector = np.array(vector, "<f4")
    sink.write(json.dumps({"id": request["id"], "bytes": vector.nbytes}).encode() + b"\\n" + vector.tobytes())
    sink.flush()
'''


def _sound(folder: Path) -> Path:
    path = folder / "ear.py"
    path.write_text(SOUND)
    return path


def test_sound_comes_in_windows_around_its_steps(tandem, media, tmp_path):
    """Windows of 1 s every half second: each step stands for the middle of its window."""
    _sound(tmp_path)
    recipe = tmp_path / "ear.yaml"
    recipe.write_text(f"name: ear\naudio: {{command: [{sys.executable}, ear.py, sound], hop: 500ms}}\n")
    rows = tandem.rows("--steps", "--model", recipe, media(CLIP))
    samples = tandem.sound(media(CLIP), rate=8000)
    steps = {step["t_ns"]: step["vector"] for row in rows for step in row["audio_steps"]}
    assert sorted(steps) == [n * 500_000_000 for n in range(8)]
    for t_ns, (first, milliseconds, length, energy) in steps.items():
        assert milliseconds * 10**6 == t_ns and length == 500
        assert first == t_ns // 125_000 - 2000
        heard = samples[max(0, int(first)) : int(first) + 8000]
        assert energy == pytest.approx(np.sum(heard.astype(float) ** 2), rel=1e-3, abs=1e-6)


def _peak(tandem, *arguments) -> int:
    """Bytes that the program, without its children, held at most."""
    command = ["embed", "--quiet", "--format", "ndjson", "--vectors", "none", *arguments]
    with subprocess.Popen(tandem.command(*command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        peak = 0
        while running.poll() is None:
            with suppress(OSError):
                status = Path(f"/proc/{running.pid}/status").read_text()
                peak = max(peak, *map(int, re.findall(r"VmHWM:\s*(\d+) kB", status)), 0)
            time.sleep(0.005)
        assert running.returncode == 0, running.stderr.read()
    return peak * 1024


WIDE = '''
import json, sys
hello = json.loads(sys.argv[1])
source, sink = sys.stdin.buffer, sys.stdout.buffer
source.readline()
sink.write(json.dumps({"protocol": "tandem-encoder/1", "name": "wide", "dim": 1} | hello).encode() + b"\\n"); sink.flush()
while line := source.readline():
    request = json.loads(line)
    source.read(request["bytes"])
    sink.write(json.dumps({"id": request["id"], "bytes": 4}).encode() + b"\\n" + bytes([0, 0, 128, 63])); sink.flush()
'''


@pytest.mark.parametrize("hello", [
    {"modality": "audio", "rate": 48000, "window": "20s", "hop": "50ms"},
    {"modality": "audio", "rate": 48000, "window": "20s", "hop": "50ms", "max_batch": 4},
    {"modality": "video", "fps": 8, "width": 2560, "height": 2560},
])
def test_no_more_is_held_than_is_under_way(tandem, media, tmp_path, hello):
    """All windows of 20 s of the clip, or all its pictures of that size, are 300 MB and more."""
    (tmp_path / "wide.py").write_text(WIDE)
    recipe = tmp_path / "wide.yaml"
    command = json.dumps([sys.executable, "wide.py", json.dumps(hello)])
    recipe.write_text(f"name: wide\n{hello['modality']}: {{command: {command}}}\n")
    plain = _peak(tandem, media(CLIP))
    held = _peak(tandem, "--model", recipe, media(CLIP)) - plain
    assert held < 250 << 20, f"{held >> 20} MB more than without"


def test_cues_are_texts_with_their_time(tandem, media, tmp_path):
    _sound(tmp_path)
    recipe = tmp_path / "reader.yaml"
    recipe.write_text(f"name: reader\ntext: {{command: [{sys.executable}, ear.py, text]}}\n")
    cues = tmp_path / "cues.srt"
    cues.write_text("1\n00:00:00,500 --> 00:00:01,500\nein Hündchen\n")
    rows = tandem.rows("--steps", "--model", recipe, "--subs", cues, media(CLIP))
    assert rows[0]["text_steps"][0]["vector"] == [len("ein Hündchen"), 500, 1000, 1]
    (item,) = lines(tandem.ok("encode", "--raw", "--model", recipe, "--text", "dog"))
    assert item["vector"] == [3, 0, 1000, 1]


# The encoders of configs/models


def _python(tmp_path: Path, interpreter: str) -> dict:
    """An environment in which python3 is this one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").write_text(f'#!/bin/sh\nexec "{interpreter}" "$@"\n')
    (folder / "python3").chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_the_numpy_encoder_tells_pictures_apart(tandem, media, tmp_path):
    environment = _python(tmp_path, sys.executable)
    recipe = CONFIGS / "external-numpy.yaml"
    rows = tandem.rows("--model", recipe, media(CLIP), env=environment)
    assert len(rows) == 3
    for row in rows:
        assert len(row["video"]) == 80 and np.linalg.norm(row["video"]) == pytest.approx(1, abs=1e-6)
    checked = tandem.ok("models", "check", recipe, env=environment).decode()
    assert "video  80 dimensions  ok" in checked and "colours and edges" in checked
    assert "colours and edges" in tandem.ok("models", "show", recipe, env=environment).decode()
    assert b"image_batch8" in tandem.ok("bench", "model", recipe, "--seconds", "0.2", env=environment)


def test_the_hash_covers_command_script_and_handshake(tandem, media, tmp_path):
    environment = _python(tmp_path, sys.executable)
    recipe, script = tmp_path / "own.yaml", tmp_path / "external_numpy.py"
    shutil.copy(CONFIGS / "external_numpy.py", script)
    hashes = set()

    def note() -> None:
        hashes.add(tandem.ok("models", "check", recipe, env=environment).decode().splitlines()[-1])

    recipe.write_text("name: own\nvideo: {command: [python3, external_numpy.py]}\n")
    note()
    note()
    assert len(hashes) == 1
    recipe.write_text("name: own\nvideo: {command: [python3, -u, external_numpy.py]}\n")
    note()
    script.write_text(script.read_text().replace("// 64", "// 64 "))
    note()
    assert len(hashes) == 3


def test_the_onnx_encoder_gives_what_its_model_computes(tandem, media, tmp_path):
    interpreter = os.environ.get("TANDEM_ONNX_PYTHON", sys.executable)
    probe = subprocess.run([interpreter, "-c", "import onnx, onnxruntime"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip(f"$TANDEM_ONNX_PYTHON, or else {interpreter}, cannot import onnx and onnxruntime")
    for name in ("external_onnx.py", "external-onnx.yaml"):
        shutil.copy(CONFIGS / name, tmp_path)
    subprocess.run([interpreter, "-c", ONNX, tmp_path / "encoder.onnx"], check=True)
    recipe, environment = tmp_path / "external-onnx.yaml", _python(tmp_path, interpreter)
    rows = tandem.rows("--steps", "--model", recipe, media(CLIP), env=environment)
    assert len(rows) == 3
    alone = tandem.rows("--deterministic", "--model", recipe, media(CLIP), env=environment)
    assert [row["video"] for row in alone] == [pytest.approx(row["video"], abs=1e-6) for row in rows]
    for row in rows:
        for step in row["video_steps"]:
            # The means of the three colours, as CLIP scales them: the clip is grey.
            red, green, blue = np.array(step["vector"]) * [0.26862954, 0.26130258, 0.27577711] + [
                0.48145466, 0.4578275, 0.40821073]
            assert red == pytest.approx(green, abs=0.01) and green == pytest.approx(blue, abs=0.01)
            assert -1e-5 <= red <= 1 + 1e-5


ONNX = """
import sys
import onnx
from onnx import TensorProto, helper
graph = helper.make_graph(
    [helper.make_node("ReduceMean", ["pixels"], ["vector"], axes=[2, 3], keepdims=0)], "means",
    [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, 32, 32])],
    [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", 3])])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), sys.argv[1])
"""
