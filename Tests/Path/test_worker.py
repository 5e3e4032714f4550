"""The decoder is a process of its own: whatever becomes of it costs its own source what would still have come."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from runner import lines
from watch import watched

HOSTILE = Path(__file__).parent / "hostile_worker.py"


def _workers(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        own = [int(child) for child in children.read().split()]
    return own + [int(c) for t in os.listdir(f"/proc/{pid}/task") if int(t) != pid
                  for c in Path(f"/proc/{pid}/task/{t}/children").read_text().split()]


def _worker(pid: int, within: float = 5) -> int:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := _workers(pid):
            return found[0]
        time.sleep(0.01)
    raise AssertionError("it has no worker")


def _is_gone(pid: int, within: float = 2) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def reading(tandem, media):
    """An `embed` whose input has given some windows and then stands still."""
    clip = media("aac.ts").read_bytes()
    command = tandem.command("embed", "--quiet", "--format", "ndjson", "--vectors", "none", "-")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, bufsize=0, **pipes) as running:
        running.stdin.write(clip[: len(clip) // 2])
        running.stdout.readline()
        yield running
        running.kill()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGSYS, signal.SIGKILL])
def test_a_decoder_that_crashes_ends_its_source_and_what_came_before_stands(reading, number):
    os.kill(_worker(reading.pid), number)
    stdout, stderr = reading.communicate(timeout=10)
    assert reading.returncode == 0
    assert f"its decoder was ended by signal {int(number)}".encode() in stderr
    assert b"decoder_deaths 1" not in stderr, "--quiet"
    windows = [row["window"] for row in lines(stdout)]
    assert windows == list(range(1, 1 + len(windows))), "from the second on, and none torn"


def test_the_next_source_gets_another_decoder(tandem, media, tmp_path):
    fifo, out = tmp_path / "slow.ts", tmp_path / "out.ndjson"
    os.mkfifo(fifo)
    command = tandem.command("embed", "--quiet", "-o", out, "--vectors", "none", fifo, media("beep.mp4"))
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        with open(fifo, "wb") as pipe:
            pipe.write(media("aac.ts").read_bytes()[:200_000])
            pipe.flush()
            time.sleep(0.3)
            os.kill(_worker(running.pid), signal.SIGKILL)
            _, stderr = running.communicate(timeout=20)
    rows = lines(out.read_bytes())
    assert running.returncode in (0, 65), stderr
    assert [row["window"] for row in rows if row["source"].endswith("beep.mp4")] == [0, 1, 2]


def test_a_decoder_outlives_nobody(reading):
    worker = _worker(reading.pid)
    reading.kill()
    assert _is_gone(worker)


def test_a_decoder_that_stands_still_does_not_outlive_its_end_either(reading):
    worker = _worker(reading.pid)
    os.kill(worker, signal.SIGSTOP)
    reading.send_signal(signal.SIGTERM)
    assert reading.wait(timeout=10) == 143
    assert _is_gone(worker)


def _hostile(tandem, media, manner: str, within: float = 20):
    version = tandem.ok("--version").decode().strip()
    surroundings = os.environ | {"TANDEM_DECODE": str(HOSTILE), "HOSTILE": manner, "HOSTILE_VERSION": version}
    return watched(tandem.command("embed", "--quiet", media("beep.mp4")), within=within, env=surroundings)


@pytest.mark.parametrize(
    "manner, code, words",
    [
        ("dies", 65, "its decoder was ended by signal 11"),
        ("leaves", 65, "its decoder ended with exit code 0"),
        ("endless length", 65, "not understood: a message of 2147483647 bytes"),
        ("garbage", 65, "not understood"),
        ("picture outside", 65, "a picture outside the memory"),
        ("second hello", 65, "a second hello"),
        ("flood", 65, "its decoder did not open it"),
        ("other version", 69, "is of version 0.0.0"),
    ],
)
def test_what_a_decoder_says_is_checked_not_believed(tandem, media, manner, code, words):
    ending = _hostile(tandem, media, manner)
    assert ending.code == code, ending.stderr
    assert len(ending.said) == 1 and words in ending.said[0]
    assert ending.megabytes < 100


def test_a_decoder_that_says_nothing_is_none(tandem, media):
    ending = _hostile(tandem, media, "silent")
    assert ending.code == 69 and "is no decoder of tandem's" in ending.said[0]


def test_a_program_that_is_not_there_is_named(tandem, media):
    surroundings = os.environ | {"TANDEM_DECODE": "/nowhere/tandem-decode"}
    ending = watched(tandem.command("embed", media("beep.mp4")), env=surroundings)
    assert ending.code == 69
    assert ending.said == ["tandem: /nowhere/tandem-decode: No such file or directory"]


def test_nobody_starts_a_decoder_by_hand(tandem):
    done = subprocess.run([tandem.program.parent / "tandem-decode"], capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 64
    assert done.stderr.count(b"\n") == 1


def test_the_command_itself_knows_nothing_of_ffmpeg(tandem):
    libraries = subprocess.run(["ldd", tandem.program], capture_output=True, check=True).stdout
    assert b"libav" not in libraries and b"libsw" not in libraries
