"""Stamps, durations, time bases, edit lists and boxes that no honest writer makes: refused or read, in bounded time,
memory and records."""

import struct
import subprocess
import wave
from pathlib import Path

import pytest

import boxes
import damage
import elements
from runner import lines, long_run
from watch import survives, watched

HIGH, LOW = (1 << 63) - 1, 1 << 63
#: Packets of the clip, both tracks; a stamp may leave at most a hole of 60 s behind each, at a window a second.
PACKETS = 100 + 189
MOST_ROWS = 60 * PACKETS
DAY = 86_400


@pytest.fixture(scope="session")
def clips(media, tmp_path_factory):
    """The bytes of `beep.mp4` in other containers; its index behind the media, so that it may grow."""
    folder = tmp_path_factory.mktemp("clips")
    forms = {"mp4": [], "fragmented.mp4": ["-movflags", "frag_keyframe+empty_moov"], "mkv": [], "flv": ["-an"]}
    forms |= {"avi": ["-c:v", "mpeg4", "-c:a", "pcm_s16le"], "ogg": ["-vn", "-c:a", "flac"]}
    made = {}
    for name, options in forms.items():
        copy = ["ffmpeg", "-v", "error", "-i", media("beep.mp4"), "-c", "copy", *options, folder / f"x.{name}"]
        subprocess.run(copy, check=True)
        made[name] = Path(copy[-1]).read_bytes()
    with wave.open(str(folder / "x.wav"), "wb") as sound:
        sound.setparams((1, 2, 16_000, 16_000, "NONE", ""))
        sound.writeframes(struct.pack("<h", 9000) * 16_000)
    return made | {"wav": (folder / "x.wav").read_bytes(), "ts": media("beep.ts").read_bytes()}


def _bounded(tandem, tmp_path, name: str, data: bytes, most_rows: int = MOST_ROWS) -> list[dict]:
    """Embeds and inspects; both must end well. Returns the records."""
    path = tmp_path / name
    path.write_bytes(data)
    options = ["--format", "ndjson", "-o", "-", "--vectors", "none", "--quiet"]
    done = watched(tandem.command("embed", *options, path))
    survives(done)
    rows = lines(done.stdout)
    assert len(rows) <= most_rows, f"{len(rows)} records"
    assert len(rows) > 0 or done.code
    if long_run():
        survives(watched(tandem.command("inspect", "--json", path)))
    return rows


# MP4 -----------------------------------------------------------------------------------------------------------------

MOVIES = {
    "movie timescale 0": (b"mvhd", boxes.patched(b"mvhd", 12, ">I", 0)),
    "movie timescale 2^32-1": (b"mvhd", boxes.patched(b"mvhd", 12, ">I", 0xFFFFFFFF)),
    "movie duration 2^32-1 at timescale 1": (b"mvhd", boxes.patched(b"mvhd", 12, ">II", 1, 0xFFFFFFFF)),
    "movie duration 2^62": (b"mvhd", boxes.movie_header(1000, 1 << 62)),
    "movie duration -1": (b"mvhd", boxes.movie_header(1, (1 << 64) - 1)),
    "media timescale 0": (b"mdhd", boxes.patched(b"mdhd", 12, ">I", 0)),
    "media timescale 1": (b"mdhd", boxes.patched(b"mdhd", 12, ">I", 1)),
    "media timescale 2^31": (b"mdhd", boxes.patched(b"mdhd", 12, ">I", 1 << 31)),
    "media timescale 2^32-1": (b"mdhd", boxes.patched(b"mdhd", 12, ">I", 0xFFFFFFFF)),
    "media duration 2^62": (b"mdhd", boxes.media_header(12_800, 1 << 62)),
    "media duration -2^63": (b"mdhd", boxes.media_header(1, LOW)),
    "frames of 2^31-1 ticks": (b"stts", lambda _: boxes.full(b"stts", 0, struct.pack(">III", 1, 189, 0x7FFFFFFF))),
    "frames of -2^31 ticks": (b"stts", lambda _: boxes.full(b"stts", 0, struct.pack(">III", 1, 189, 0x80000000))),
    "frames of 0 ticks": (b"stts", lambda _: boxes.full(b"stts", 0, struct.pack(">III", 1, 189, 0))),
    "2^32-1 frames": (b"stts", boxes.patched(b"stts", 8, ">II", 0xFFFFFFFF, 512)),
    "2^32-1 entries of durations": (b"stts", boxes.patched(b"stts", 4, ">I", 0xFFFFFFFF)),
    "2^32-1 sizes": (b"stsz", boxes.patched(b"stsz", 8, ">I", 0xFFFFFFFF)),
    "shown 2^31 ticks early": (b"ctts", lambda _: boxes.full(b"ctts", 1, struct.pack(">III", 1, 100, 0x80000000))),
    "shown 2^31 ticks late": (b"ctts", lambda _: boxes.full(b"ctts", 1, struct.pack(">III", 1, 100, 0x7FFFFFFF))),
    "an edit from 2^63-1": (b"elst", boxes.edit_list((4000, HIGH))),
    "an edit from -2^63": (b"elst", boxes.edit_list((4000, LOW))),
    "an edit from -2": (b"elst", boxes.edit_list((4000, -2))),
    "an edit of 2^63-1": (b"elst", boxes.edit_list((HIGH, 0))),
    "an edit of -2^63": (b"elst", boxes.edit_list((LOW, 0))),
    "an edit of -1": (b"elst", boxes.edit_list((-1, 1024))),
    "an empty edit of 2^63-1": (b"elst", boxes.edit_list((HIGH, -1), (4000, 1024))),
    "two edits of 2^63-1": (b"elst", boxes.edit_list((HIGH, 0), (HIGH, HIGH))),
    "2^32-1 edits that are not there": (b"elst", boxes.edit_list((4000, 1024), version=0, count=0xFFFFFFFF)),
}


@pytest.mark.parametrize("name", MOVIES)
def test_hostile_times_in_mp4(tandem, clips, tmp_path, name):
    what, edit = MOVIES[name]
    _bounded(tandem, tmp_path, "x.mp4", boxes.edited(clips["mp4"], what, edit))


#: An edit that says nothing leaves the sound's last, partial frame in: 4.011 s, a window more.
EXAGGERATED = {"movie duration 2^62": 3, "media duration 2^62": 3, "an edit of 2^63-1": 4, "an edit from -2": 4}


@pytest.mark.parametrize("name", EXAGGERATED)
def test_mp4_that_only_exaggerates_is_read_in_full(tandem, clips, tmp_path, name):
    what, edit = MOVIES[name]
    rows = _bounded(tandem, tmp_path, "x.mp4", boxes.edited(clips["mp4"], what, edit, 0 if what == b"mdhd" else None))
    assert len(rows) == EXAGGERATED[name]


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("each", [(4000, 1024), (1, 1024), (1, -1), (0, 0)], ids=["long", "short", "empty", "nothing"])
def test_a_million_edits_are_bounded(tandem, clips, tmp_path, version, each):
    edit = boxes.edit_list(*[each] * 1_000_000, version=version)
    _bounded(tandem, tmp_path, "x.mp4", boxes.edited(clips["mp4"], b"elst", edit, only=0))


@pytest.mark.parametrize("tracks", [0, 1, None], ids=["video", "audio", "both"])
def test_an_empty_edit_of_41_days_makes_no_days_of_records(tandem, clips, tmp_path, tracks):
    edit = boxes.edit_list((41 * DAY * 1000, -1), (4000, 1024))
    rows = _bounded(tandem, tmp_path, "x.mp4", boxes.edited(clips["mp4"], b"elst", edit, tracks))
    if tracks is None:
        assert len(rows) == 3, "what both tracks leave out is before zero"


FRAGMENTS = {
    "decode time 2^63-1": (b"tfdt", lambda _: boxes.full(b"tfdt", 1, struct.pack(">Q", HIGH))),
    "decode time -2^63": (b"tfdt", lambda _: boxes.full(b"tfdt", 1, struct.pack(">Q", LOW))),
    "decode time -1": (b"tfdt", lambda _: boxes.full(b"tfdt", 1, struct.pack(">Q", (1 << 64) - 1))),
    "decode time 2^62": (b"tfdt", lambda _: boxes.full(b"tfdt", 1, struct.pack(">Q", 1 << 62))),
    "2^32-1 frames": (b"trun", boxes.patched(b"trun", 4, ">I", 0xFFFFFFFF)),
    "data at -2^31": (b"trun", boxes.patched(b"trun", 8, ">i", -(1 << 31))),
    "unknown track": (b"tfhd", boxes.patched(b"tfhd", 4, ">I", 0xFFFFFFFF)),
    "data from 2^63": (b"tfhd", lambda body: boxes.full(b"tfhd", 0, body[4:8], struct.pack(">Q", LOW), flags=1)),
}


@pytest.mark.parametrize("name", FRAGMENTS)
@pytest.mark.parametrize("only", [0, None], ids=["first", "all"])
def test_hostile_times_in_fragments(tandem, clips, tmp_path, name, only):
    what, edit = FRAGMENTS[name]
    _bounded(tandem, tmp_path, "x.mp4", boxes.edited(clips["fragmented.mp4"], what, edit, only))


def _sized(data: bytes, name: bytes, size: int) -> bytes:
    """The first box `name` says another size, and the bytes stay."""
    at = data.index(name) - 4
    return data[:at] + struct.pack(">I", size) + data[at + 4 :]


def _sized_long(data: bytes, name: bytes, size: int) -> bytes:
    """The same in 64 bits: the last eight bytes before the box's body are squeezed in."""
    at = data.index(name) - 4
    return data[:at] + struct.pack(">I4sQ", 1, name, size) + data[at + 8 :]


ALL_BOXES = [b"moov", b"mdat", b"ftyp", b"mvhd", b"trak", b"elst", b"stsd", b"stts"]


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 0x7FFFFFFF, 0xFFFFFFFF] if long_run() else [0, 7, 0xFFFFFFFF])
@pytest.mark.parametrize("name", ALL_BOXES if long_run() else ALL_BOXES[:2])
def test_sizes_of_boxes_that_cannot_be(tandem, clips, tmp_path, name, size):
    path = tmp_path / "x.mp4"
    path.write_bytes(_sized(clips["mp4"], name, size))
    survives(watched(tandem.command("inspect", "--json", path)))


@pytest.mark.parametrize("size", [0, 15, 16, HIGH, HIGH - 24, LOW, (1 << 64) - 1, (1 << 64) - 24])
@pytest.mark.parametrize("name", [b"ftyp", b"moov", b"trak", b"mdat"] if long_run() else [b"moov"])
def test_long_sizes_of_boxes_that_cannot_be(tandem, clips, tmp_path, name, size):
    path = tmp_path / "x.mp4"
    path.write_bytes(_sized_long(clips["mp4"], name, size))
    survives(watched(tandem.command("inspect", "--json", path)))


@pytest.mark.parametrize("name", [b"trak", b"mdia", b"stbl", b"elst", b"stsz"])
def test_overlapping_boxes(tandem, clips, tmp_path, name):
    """A box reaches half into what follows it, beyond the end of its parent."""
    data = clips["mp4"]
    size = struct.unpack_from(">I", data, data.index(name) - 4)[0]
    _bounded(tandem, tmp_path, "x.mp4", _sized(data, name, size + 900))


@pytest.mark.parametrize("depth", [1000, 100_000])
@pytest.mark.parametrize("name", [b"moov", b"trak", b"udta", b"edts"])
def test_boxes_in_boxes_in_boxes(tandem, clips, tmp_path, name, depth):
    deep = boxes.nested(name, depth)
    inside = deep if name == b"moov" else boxes.box(b"moov", deep)
    path = tmp_path / "x.mp4"
    path.write_bytes(clips["mp4"][:32] + inside)
    survives(watched(tandem.command("inspect", "--json", path)))


# Other containers ----------------------------------------------------------------------------------------------------

MATROSKA = {
    "scale 0": {elements.SCALE: elements.unsigned(0)},
    "scale 1": {elements.SCALE: elements.unsigned(1)},
    "scale 10^9": {elements.SCALE: elements.unsigned(10**9)},
    "scale 2^31": {elements.SCALE: elements.unsigned(1 << 31)},
    "scale 2^63-1": {elements.SCALE: elements.unsigned(HIGH)},
    "scale 2^64-1": {elements.SCALE: elements.unsigned((1 << 64) - 1)},
    "clusters at 2^63-1": {elements.CLUSTER_TIME: elements.unsigned(HIGH)},
    "clusters at 2^63-1000": {elements.CLUSTER_TIME: elements.unsigned(HIGH - 999)},
    "clusters at 2^63": {elements.CLUSTER_TIME: elements.unsigned(LOW)},
    "clusters at 2^64-1": {elements.CLUSTER_TIME: elements.unsigned((1 << 64) - 1)},
    "clusters at 2^62": {elements.CLUSTER_TIME: elements.unsigned(1 << 62)},
    "an infinite length": {elements.DURATION: elements.double(float("inf"))},
    "no number of a length": {elements.DURATION: elements.double(float("nan"))},
    "a negative length": {elements.DURATION: elements.double(-1e300)},
    "a length of 10^300": {elements.DURATION: elements.double(1e300)},
}
TRACK_EXTRAS = {
    "frames of 0 ns": elements.element(elements.DEFAULT_DURATION, elements.unsigned(0)),
    "frames of 1 ns": elements.element(elements.DEFAULT_DURATION, elements.unsigned(1)),
    "frames of 2^63 ns": elements.element(elements.DEFAULT_DURATION, elements.unsigned(LOW)),
    "frames of 2^64-1 ns": elements.element(elements.DEFAULT_DURATION, elements.unsigned((1 << 64) - 1)),
    "a delay of 2^63-1 ns": elements.element(elements.CODEC_DELAY, elements.unsigned(HIGH)),
    "a delay of 2^64-1 ns": elements.element(elements.CODEC_DELAY, elements.unsigned((1 << 64) - 1)),
    "a pre-roll of 2^63 ns": elements.element(elements.SEEK_PRE_ROLL, elements.unsigned(LOW)),
}


@pytest.mark.parametrize("name", MATROSKA)
def test_hostile_times_in_matroska(tandem, clips, tmp_path, name):
    _bounded(tandem, tmp_path, "x.mkv", elements.edited(clips["mkv"], MATROSKA[name]))


@pytest.mark.parametrize("name", TRACK_EXTRAS)
def test_hostile_times_of_matroska_tracks(tandem, clips, tmp_path, name):
    extra = {elements.TRACK: TRACK_EXTRAS[name]}
    _bounded(tandem, tmp_path, "x.mkv", elements.edited(clips["mkv"], {}, extra))


def test_matroska_put_together_again_is_the_same(tandem, clips, tmp_path):
    """That the tests above spoil what they mean to, and nothing else."""
    again = tmp_path / "again.mkv"
    again.write_bytes(clips["mkv"])
    rows = _bounded(tandem, tmp_path, "x.mkv", elements.edited(clips["mkv"], {}))
    assert rows == tandem.windows("--name", tmp_path / "x.mkv", again)


STAMPS = {
    "all the highest": lambda n: (1 << 33) - 1,
    "all zero": lambda n: 0,
    "highest and zero in turn": lambda n: (n % 2) * ((1 << 33) - 1),
    "half the circle at a time": lambda n: n * (1 << 32) % (1 << 33),
    "50 s at a time": lambda n: n * 50 * 90_000 % (1 << 33),
    "an hour at a time": lambda n: n * 3600 * 90_000 % (1 << 33),
    "an hour back at a time": lambda n: -n * 3600 * 90_000 % (1 << 33),
}


@pytest.mark.parametrize("name", STAMPS)
def test_hostile_times_in_transport_streams(tandem, clips, tmp_path, name):
    data = bytearray(clips["ts"])
    for n, stamp in enumerate(damage.pes_stamps(bytes(data))):
        value = STAMPS[name](n)
        prefix = data[stamp.offset] & 0xF0
        coded = [prefix | value >> 29 & 0xE | 1, value >> 22 & 0xFF, value >> 14 & 0xFE | 1]
        data[stamp.offset : stamp.offset + 5] = bytes([*coded, value >> 7 & 0xFF, value << 1 & 0xFE | 1])
    _bounded(tandem, tmp_path, "x.ts", bytes(data))


AVI = {
    "frames of 0 µs": (b"avih", 0, 0),
    "frames of 2^32-1 µs": (b"avih", 0, 0xFFFFFFFF),
    "scale 0": (b"strh", 20, 0),
    "scale 2^32-1": (b"strh", 20, 0xFFFFFFFF),
    "rate 0": (b"strh", 24, 0),
    "rate 1": (b"strh", 24, 1),
    "rate 2^32-1": (b"strh", 24, 0xFFFFFFFF),
    "a start of 2^32-1": (b"strh", 28, 0xFFFFFFFF),
    "a start of 2^31-1": (b"strh", 28, 0x7FFFFFFF),
    "a length of 2^32-1": (b"strh", 32, 0xFFFFFFFF),
    "samples of 2^32-1 bytes": (b"strh", 44, 0xFFFFFFFF),
}


@pytest.mark.parametrize("name", AVI)
@pytest.mark.parametrize("track", [0, 1], ids=["video", "audio"])
def test_hostile_times_in_avi(tandem, clips, tmp_path, name, track):
    what, offset, value = AVI[name]
    data = bytearray(clips["avi"])
    at = data.index(what)
    if track and what == b"strh":
        at = data.index(what, at + 4)
    struct.pack_into("<I", data, at + 8 + offset, value)
    _bounded(tandem, tmp_path, "x.avi", bytes(data))


WAV = {
    "data of 2^32-1 bytes": (40, "<I", 0xFFFFFFFF),
    "data of 0 bytes": (40, "<I", 0),
    "a rate of 0": (24, "<I", 0),
    "a rate of 2^31": (24, "<I", 1 << 31),
    "a byte rate of 0": (28, "<I", 0),
    "a byte rate of 2^32-1": (28, "<I", 0xFFFFFFFF),
    "blocks of 0 bytes": (32, "<H", 0),
    "blocks of 65535 bytes": (32, "<H", 0xFFFF),
    "samples of 0 bits": (34, "<H", 0),
    "samples of 65535 bits": (34, "<H", 0xFFFF),
    "no channels": (22, "<H", 0),
}


@pytest.mark.parametrize("name", WAV)
def test_hostile_headers_of_wav(tandem, clips, tmp_path, name):
    at, form, value = WAV[name]
    data = bytearray(clips["wav"])
    struct.pack_into(form, data, at, value)
    _bounded(tandem, tmp_path, "x.wav", bytes(data))


@pytest.mark.parametrize("size", [HIGH, LOW, (1 << 64) - 1])
def test_wav_of_64_bits_that_lies(tandem, clips, tmp_path, size):
    plain = clips["wav"]
    sizes = b"ds64" + struct.pack("<IQQQI", 28, size, size, size, 0)
    data = b"RF64\xff\xff\xff\xffWAVE" + sizes + plain[12:40] + b"\xff\xff\xff\xff" + plain[44:]
    _bounded(tandem, tmp_path, "x.wav", data)


@pytest.mark.parametrize("granule", [HIGH, LOW, (1 << 64) - 2, 1 << 62])
@pytest.mark.parametrize("page", [2, -1], ids=["first", "last"])
def test_hostile_times_in_ogg(tandem, clips, tmp_path, granule, page):
    data = bytearray(clips["ogg"])
    starts = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    at, end = starts[page], ([*starts, len(data)])[starts.index(starts[page]) + 1]
    struct.pack_into("<Q", data, at + 6, granule)
    struct.pack_into("<I", data, at + 22, 0)
    struct.pack_into("<I", data, at + 22, _page_sum(data[at:end]))
    _bounded(tandem, tmp_path, "x.ogg", bytes(data))


def _page_sum(page: bytes) -> int:
    """CRC-32 of an Ogg page: polynomial 04C11DB7, not reflected, from 0 (RFC 3533, 6)."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value


@pytest.mark.parametrize("step", [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 55_000])
def test_hostile_times_in_flv(tandem, clips, tmp_path, step):
    """Stamps of 32 bits in milliseconds, each `step` after the last."""
    data, at, n = bytearray(clips["flv"]), 13, 0
    while at + 11 <= len(data):
        size, stamp = int.from_bytes(data[at + 1 : at + 4], "big"), n * step & 0xFFFFFFFF
        data[at + 4 : at + 8] = (stamp & 0xFFFFFF).to_bytes(3, "big") + bytes([stamp >> 24])
        at, n = at + 11 + size + 4, n + 1
    _bounded(tandem, tmp_path, "x.flv", bytes(data))


# Through a pipe ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 16])
def test_a_pipe_of_tiny_boxes_is_walked_in_time(tandem, size):
    """50 MB: what has been walked over is not looked at again."""
    free = struct.pack(">I4s", size, b"free").ljust(size, b"\0")
    data = boxes.box(b"ftyp", b"isom\0\0\2\0isom") + free * (50_000_000 // size)
    done = watched(tandem.command("embed", "-"), input=data)
    survives(done, codes=(65,))
