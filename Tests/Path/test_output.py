"""Where records go, and what becomes of them when the way is barred or the run is stopped."""

import io
import os
import pty
import signal
import subprocess

import pyarrow as pa
import pytest

from runner import lines, shell_code

NO_OUTPUT, IO_ERROR, USAGE = 73, 74, 64


def test_arrow_flows_through_pipes(tandem, media):
    """cat clip | tandem embed - | a reader of Arrow streams."""
    with open(media("beep.ts"), "rb") as source:
        output = tandem.ok("embed", "--quiet", "--name", "x", "-", stdin=source)
    table = pa.ipc.open_stream(io.BytesIO(output)).read_all()
    table.validate(full=True)
    assert table.column("source").to_pylist() == ["x"] * table.num_rows
    assert table.column("window").to_pylist() == list(range(table.num_rows))
    assert table.num_rows == len(tandem.windows(media("beep.ts")))


def test_the_extension_chooses_the_format(tandem, media, tmp_path):
    for name in ("out.arrows", "out.ndjson", "out.npy"):
        tandem.ok("embed", "--quiet", "-o", tmp_path / name, media("beep.mp4"))
    assert pa.ipc.open_stream((tmp_path / "out.arrows").read_bytes()).read_all().num_rows == 3
    assert len(lines((tmp_path / "out.ndjson").read_bytes())) == 3
    assert (tmp_path / "out.npy").read_bytes().startswith(b"\x93NUMPY")


def test_an_output_that_cannot_be_created(tandem, media, tmp_path):
    done = tandem("embed", "-o", tmp_path / "no-such-folder/out.ndjson", media("beep.mp4"))
    assert done.returncode == NO_OUTPUT
    assert "out.ndjson" in done.stderr.decode()


def test_a_full_device_is_an_input_output_error(tandem, media):
    done = tandem("embed", "--format", "ndjson", "-o", "/dev/full", media("beep.mp4"))
    assert done.returncode == IO_ERROR
    assert len(done.stderr.decode().splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_keeps_the_complete_records(tandem, media, tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        target = tmp_path / "out.ndjson"
        done = tandem("embed", "--hop", "20ms", "--window", "40ms", "-o", target, media("clip17s.nut"))
        kept = target.read_bytes()
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert done.returncode == IO_ERROR
    assert len(done.stderr.decode().splitlines()) == 1
    whole = kept[: kept.rfind(b"\n") + 1]
    assert [row["window"] for row in lines(whole)] == list(range(whole.count(b"\n")))
    assert whole


def test_a_reader_that_goes_away_ends_the_run_quietly(tandem, media):
    command = tandem.command("embed", "--format", "ndjson", "--hop", "20ms", "--window", "40ms", media("clip17s.nut"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(60) == -signal.SIGPIPE
        assert running.stderr.read() == b""


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_keeps_complete_records(tandem, media, number, code):
    """Stopped while it waits for more from a pipe, after its first record."""
    command = tandem.command("embed", "--format", "ndjson", "-o", "-", "-")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as running:
        data = media("pair-ts-mpeg2-mp2.ts").read_bytes()
        running.stdin.write(data[: len(data) // 2 // 188 * 188])
        running.stdin.flush()
        first = running.stdout.readline()
        running.send_signal(number)
        rest = running.stdout.read()
        assert shell_code(running.wait(20)) == code
    assert (first + rest).endswith(b"\n")
    rows = lines(first + rest)
    assert [row["window"] for row in rows] == list(range(len(rows)))


def test_a_pipe_is_answered_while_it_is_still_open(tandem, media):
    """Records come when input would block, not when it ends."""
    command = tandem.command("embed", "--format", "ndjson", "-o", "-", "-")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        data = media("pair-ts-mpeg2-mp2.ts").read_bytes()
        running.stdin.write(data[: len(data) // 2])
        running.stdin.flush()
        assert lines(running.stdout.readline())[0]["window"] == 0
        running.stdin.close()
        running.stdout.read()
        assert running.wait(20) == 0


def test_npy_into_a_pipe_is_a_usage_error(tandem, media):
    done = tandem("embed", "--format", "npy", "-o", "-", media("beep.mp4"))
    assert done.returncode == USAGE
    assert not done.stdout


def test_a_terminal_gets_lines_without_vectors(tandem, media):
    code, shown = _on_a_terminal(tandem, "embed", "--quiet", media("beep.mp4"))
    assert code == 0
    rows = lines(shown.replace(b"\r\n", b"\n"))
    assert [row["window"] for row in rows] == [0, 1, 2]
    assert "fused" not in rows[0]


def test_a_terminal_never_gets_binary(tandem, media):
    code, shown = _on_a_terminal(tandem, "embed", "--quiet", "--format", "arrow", media("beep.mp4"))
    assert code == USAGE
    assert b"\xff\xff\xff\xff" not in shown and b"ARROW" not in shown


def test_no_color_is_respected(tandem, media):
    environment = os.environ | {"NO_COLOR": "1", "TERM": "xterm-256color"}
    _, shown = _on_a_terminal(tandem, "inspect", media("beep.mp4"), env=environment)
    assert shown and b"\x1b[" not in shown


def _on_a_terminal(tandem, *arguments, **options) -> tuple[int, bytes]:
    """Exit code, and what a terminal of standard output and errors gets."""
    ours, theirs = pty.openpty()
    command = tandem.command(*arguments)
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, **options)
    os.close(theirs)
    shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return running.wait(60), shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""
