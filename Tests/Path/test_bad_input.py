"""Whatever comes in: the right exit code, one line that names the input, no crash, no hang, complete records kept."""

import os
import subprocess

import pytest

from runner import lines

DONE, USAGE, UNDECODABLE, UNREADABLE = 0, 64, 65, 66
#: name of the fixture, exit code, least and most records
TABLE = [
    ("garbage.mp4", UNDECODABLE, 0, 0),
    ("empty.mp4", UNDECODABLE, 0, 0),
    ("zeros.bin", UNDECODABLE, 0, 0),
    ("trunc-nomoov.mp4", UNDECODABLE, 0, 0),
    ("trunc-faststart.mp4", DONE, 5, 19),
    ("trunc.ts", DONE, 8, 19),
    ("trunc.mkv", DONE, 8, 19),
    ("trunc.flv", DONE, 8, 19),
    ("corr.ts", DONE, 18, 21),
    ("aonly.m4a", DONE, 20, 20),
    ("vonly.mp4", DONE, 20, 20),
    ("zero-video.mkv", DONE, 21, 21),
    ("subs-only.mkv", DONE, 1, 1),
    ("clip23ms.wav", DONE, 1, 1),
    ("rotated.mp4", DONE, 2, 2),
    ("anamorphic.mp4", DONE, 2, 2),
    ("interlaced.ts", DONE, 2, 2),
    ("fullrange.mp4", DONE, 2, 2),
    ("tenbit.mp4", DONE, 2, 2),
    ("hdr-pq.mp4", DONE, 2, 2),
    ("cover.mp3", DONE, 3, 3),
    ("surround.wav", DONE, 1, 1),
    ("channels500.wav", UNDECODABLE, 0, 0),
    ("rate1.wav", UNDECODABLE, 0, 0),
    ("rate4g.wav", UNDECODABLE, 0, 0),
    ("huge.mp4", UNDECODABLE, 0, 0),
    ("disguised-playlist.mp4", UNDECODABLE, 0, 0),
    ("disguised-concat.mp4", UNDECODABLE, 0, 0),
    ("folder-without-media", UNREADABLE, 0, 0),
    ("missing.mp4", UNREADABLE, 0, 0),
]


def _embed(tandem, *arguments, **options):
    return tandem("embed", "--format", "ndjson", "-o", "-", "--vectors", "none", *arguments, **options)


@pytest.mark.parametrize("name, code, least, most", TABLE, ids=[row[0] for row in TABLE])
def test_each_input_ends_as_it_should(tandem, media, name, code, least, most):
    path = media("empty.mp4").with_name(name) if name == "missing.mp4" else media(name)
    done = _embed(tandem, path)
    assert done.returncode == code, done.stderr.decode()[-400:]
    assert least <= len(lines(done.stdout)) <= most
    if code:
        _names_the_input_in_one_line(done, name)


def _names_the_input_in_one_line(done, name: str) -> None:
    said = done.stderr.decode().splitlines()
    assert len([line for line in said if name in line]) == 1, said
    assert len(said) == 1, said


@pytest.mark.parametrize("name", ["trunc.ts", "trunc.mkv", "trunc-faststart.mp4"])
def test_a_truncated_input_is_done_with_a_warning(tandem, media, name):
    done = _embed(tandem, media(name))
    if name != "trunc.ts":  # a cut transport stream is a whole one, if it is cut between units
        assert name in done.stderr.decode()
    assert lines(done.stdout)[0]["window"] == 0


@pytest.mark.parametrize("source", ["/dev/zero", "/dev/null"])
def test_a_device_without_media_is_refused_at_once(tandem, source):
    done = _embed(tandem, source, timeout=10)
    assert done.returncode in (UNDECODABLE, UNREADABLE)
    _names_the_input_in_one_line(done, source)


def test_endless_zeros_from_a_pipe_are_refused_at_once(tandem):
    with open("/dev/zero", "rb") as zeros:
        done = _embed(tandem, "-", stdin=zeros, timeout=10)
    assert done.returncode == UNDECODABLE


def test_an_input_without_permission_is_unreadable(tandem, media, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(media("beep.mp4").read_bytes())
    secret.chmod(0)
    if os.geteuid() == 0:
        drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        command = [*drop, *tandem.command("embed", "--vectors", "none", "--format", "ndjson", secret)]
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    else:
        done = _embed(tandem, secret)
    assert done.returncode == UNREADABLE
    _names_the_input_in_one_line(done, "secret.mp4")


def test_an_index_at_the_end_of_a_pipe_is_explained(tandem, media):
    done = _embed(tandem, "-", input=media("aac.mp4").read_bytes())
    assert done.returncode == UNDECODABLE
    assert "index" in done.stderr.decode().lower() or "moov" in done.stderr.decode()


def test_bad_inputs_among_good_ones_are_named_and_skipped(tandem, media):
    done = _embed(tandem, media("garbage.mp4"), media("beep.mp4"), media("empty.mp4"))
    assert done.returncode == UNDECODABLE
    assert len(lines(done.stdout)) == 3
    assert all(name in done.stderr.decode() for name in ("garbage.mp4", "empty.mp4"))


def test_bad_inputs_may_become_records(tandem, media):
    done = _embed(tandem, "--on-error", "record", media("garbage.mp4"), media("beep.mp4"))
    assert done.returncode == DONE
    rows = lines(done.stdout)
    assert [row["status"] for row in rows] == ["decode_error", "ok", "ok", "ok"]
    assert rows[0]["window"] is None


def test_names_are_paths_and_never_protocols(tandem, media, tmp_path):
    """A name that FFmpeg would take for a protocol is a missing file, or the file of that name."""
    other = media("beep.ts")
    done = _embed(tandem, f"concat:{other}|{other}", cwd=tmp_path)
    assert done.returncode == UNREADABLE and not done.stdout
    (tmp_path / "file:a%d.mp4").write_bytes(media("beep.mp4").read_bytes())
    assert len(lines(_embed(tandem, "./file:a%d.mp4", cwd=tmp_path).stdout)) == 3


def test_a_track_beyond_limits_is_refused_and_the_others_go_on(tandem, media, tmp_path):
    both = tmp_path / "both.mkv"
    join = ["ffmpeg", "-v", "error", "-i", media("huge.mp4"), "-i", media("clip23ms.wav"), "-c", "copy", both]
    subprocess.run(join, check=True)
    done = _embed(tandem, both)
    assert done.returncode == DONE, done.stderr
    assert lines(done.stdout)[0]["video_valid"] == 0
    assert "8192" in done.stderr.decode() or "video" in done.stderr.decode()
