"""A signal to end while a command waits for more: 128 and its number, at once, with complete records kept."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from runner import lines, shell_code

SIGNALS = [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131), (signal.SIGTERM, 143)]
PATIENCE = 5
COMMANDS = {
    "embed": ["embed", "--quiet", "--format", "ndjson"],
    "inspect": ["inspect"],
    "inspect --json-windows": ["inspect", "--json-windows"],
    "encode --audio": ["encode", "--audio"],
}


@contextmanager
def _running(tandem, *arguments, **options):
    """A command with pipes; killed if it outlives the test."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    with subprocess.Popen(tandem.command(*arguments), **pipes) as running:
        try:
            yield running
        finally:
            running.kill()


def _listens(running) -> None:
    """Waits until the command has taken the signals over."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open(f"/proc/{running.pid}/status") as status:
            caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.01)
    raise AssertionError("it never listens to signals")


def _stops(running, number: int, code: int) -> tuple[bytes, bytes]:
    _listens(running)
    time.sleep(0.1)
    began = time.monotonic()
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=PATIENCE)
    assert shell_code(running.returncode) == code, stderr
    assert time.monotonic() - began < 2, "at once"
    assert b"Fatal error" not in stderr
    return stdout, stderr


@pytest.mark.parametrize("number, code", SIGNALS)
@pytest.mark.parametrize("name", COMMANDS)
def test_before_the_first_byte(tandem, tmp_path, name, number, code):
    """A named pipe with a writer that says nothing."""
    place = tmp_path / "x.ts"
    os.mkfifo(place)
    with _running(tandem, *COMMANDS[name], place) as running:
        writer = _writer(place)
        stdout, _ = _stops(running, number, code)
        os.close(writer)
    assert not stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_named_pipe_that_nobody_opens(tandem, tmp_path, name):
    place = tmp_path / "x.ts"
    os.mkfifo(place)
    with _running(tandem, *COMMANDS[name], place) as running:
        _stops(running, signal.SIGTERM, 143)


@pytest.mark.parametrize("number, code", SIGNALS)
@pytest.mark.parametrize("name", COMMANDS)
def test_in_the_middle_of_a_source(tandem, media, tmp_path, name, number, code):
    """Half a source through a named pipe, then silence."""
    place = tmp_path / "x.ts"
    os.mkfifo(place)
    data = media("pair-ts-mpeg2-mp2.ts").read_bytes()
    with _running(tandem, *COMMANDS[name], place) as running:
        writer = _writer(place)
        os.set_blocking(writer, True)
        os.write(writer, data[: len(data) // 2 // 188 * 188])
        time.sleep(0.3)
        stdout, _ = _stops(running, number, code)
        os.close(writer)
    if name in ("embed", "inspect --json-windows"):
        assert stdout.endswith(b"\n")
        rows = lines(stdout)
        assert len(rows) >= 5
        assert [row["window"] for row in rows] == list(range(len(rows)))
    if name == "encode --audio":
        assert not stdout, "half a sound has no vector"


@pytest.mark.parametrize("number, code", SIGNALS)
def test_records_in_a_file_are_complete_and_can_be_gone_on_from(tandem, media, tmp_path, number, code):
    place, output = tmp_path / "x.ts", tmp_path / "x.ndjson"
    os.mkfifo(place)
    data = media("pair-ts-mpeg2-mp2.ts").read_bytes()
    with _running(tandem, "embed", "--quiet", "--name", "x", "-o", output, place) as running:
        writer = _writer(place)
        os.set_blocking(writer, True)
        os.write(writer, data[: len(data) // 2 // 188 * 188])
        time.sleep(0.3)
        _stops(running, number, code)
        os.close(writer)
    kept = output.read_bytes()
    assert kept.endswith(b"\n") and len(lines(kept)) >= 5
    tandem.ok("embed", "--quiet", "--name", "x", "-o", output, "--resume", media("pair-ts-mpeg2-mp2.ts"))
    assert lines(output.read_bytes()) == tandem.rows("--name", "x", media("pair-ts-mpeg2-mp2.ts"))


def test_the_end_of_a_terminal_is_ignored_where_it_was(tandem, tmp_path):
    """As nohup(1) starts it."""
    place = tmp_path / "x.ts"
    os.mkfifo(place)
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    with _running(tandem, *COMMANDS["inspect"], place, **ignore) as running:
        _listens(running)
        running.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert running.poll() is None
        _stops(running, signal.SIGTERM, 143)


def test_a_second_signal_ends_even_a_writer_that_is_held(tandem, media):
    """Nobody reads the records: the first signal cannot finish, the second one does."""
    command = ["embed", "--quiet", "--hop", "5ms", "--window", "20ms", "--format", "ndjson", media("clip17s.nut")]
    with _running(tandem, *command) as running:
        _listens(running)
        time.sleep(1)
        running.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        running.send_signal(signal.SIGTERM)
        assert shell_code(running.wait(PATIENCE)) == 143


def _writer(place) -> int:
    """Opens a named pipe for writing as soon as somebody reads it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return os.open(place, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert time.monotonic() < deadline, "nobody reads"
            time.sleep(0.01)
