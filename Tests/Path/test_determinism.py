"""The same input gives the same bytes, however it arrives and on however many threads."""

import os
import subprocess
import threading

import pytest

STREAMED = ["aac.ts", "pair-mkv-hevc-opus.mkv", "pair-flv-h264-aac.flv", "faststart.mp4"]


@pytest.mark.parametrize("name", ["aac.ts", "pair-mkv-hevc-opus.mkv", "vfr.mp4", "seek-h264-opus.mp4", "agap.ts"])
def test_threads_and_runs_change_no_byte(tandem, media, name):
    first = tandem.ndjson("--threads", "1", media(name))
    assert first.count(b"\n") > 5
    for threads in (1, 2, 8):
        assert tandem.ndjson("--threads", threads, media(name)) == first


@pytest.mark.parametrize("name", STREAMED)
@pytest.mark.parametrize("chunk", [None, 4096, 997])
def test_a_pipe_gives_the_bytes_of_the_file(tandem, media, name, chunk):
    """However it is cut: at once, in blocks, or in odd pieces by a writer slower than the reader."""
    path = media(name)
    whole = tandem.ndjson("--name", "x", path)
    assert _through_pipe(tandem, path, chunk) == whole


def _through_pipe(tandem, path, chunk: int | None) -> bytes:
    command = tandem.command("embed", "--quiet", "--format", "ndjson", "-o", "-", "--name", "x", "-")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        writer = threading.Thread(target=_write, args=(running.stdin, path.read_bytes(), chunk))
        writer.start()
        output = running.stdout.read()
        writer.join(60)
        assert running.wait(60) == 0
    return output


def _write(pipe, data: bytes, chunk: int | None) -> None:
    """Writes in pieces, giving way to the reader after each."""
    chunk = chunk or len(data)
    for start in range(0, len(data), chunk):
        pipe.write(data[start : start + chunk])
        pipe.flush()
        os.sched_yield()
    pipe.close()


def test_the_order_of_inputs_is_the_order_of_records(tandem, media):
    inputs = [media("beep.mp4"), media("beep.ts"), media("clip23ms.wav")]
    rows = tandem.windows("--threads", "8", *inputs)
    sources = list(dict.fromkeys(row["source"] for row in rows))
    assert len(sources) == 3
    assert [source.rsplit("/", 1)[-1] for source in sources] == ["beep.mp4", "beep.ts", "clip23ms.wav"]


def test_a_directory_is_read_in_byte_order(tandem, media, tmp_path):
    (tmp_path / "Sub").mkdir()
    for name in ("b.wav", "Sub/a.wav", "a.wav", "B.wav"):
        (tmp_path / name).symlink_to(media("clip23ms.wav"))
    rows = tandem.windows(tmp_path)
    relative = [row["source"].removeprefix(f"{tmp_path}/") for row in rows]
    assert relative == ["B.wav", "Sub/a.wav", "a.wav", "b.wav"]
