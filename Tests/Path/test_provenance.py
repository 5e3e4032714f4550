"""The frames that a record names are the frames that were on screen, and those that made its vector."""

import json
import random
import subprocess
from fractions import Fraction

import numpy as np
import pytest

import reference

RECORDS = 1000
#: Containers whose stamps are fine enough that zero is known to the tick.
SOURCES = [
    "pair-ts-h264-aac.ts", "pair-ts-mpeg2-mp2.ts", "pair-mp4-h264-aac.mp4", "pair-mov-h264-alac.mov", "vfr.mp4",
    "pair-nut-ffv1-pcm.nut", "pair-mxf-mpeg2-pcm.mxf", "seek-h264-flac.mp4", "rate60.mp4", "rate24.mp4", "t2h.ts",
]  # fmt: skip
GRIDS = [
    ("2s", "1s", "2"),
    ("1s", "1/3s", "30000/1001"),
    ("500ms", "700ms", "7"),
    ("3s", "1s", "1/2"),
    ("1s", "500ms", "60"),
]


def test_a_thousand_records_name_the_frames_on_screen(tandem, media):
    """An independent model of the frame on screen at j/fps, from ffprobe's stamps: 0 wrong."""
    chance = random.Random(1)
    records = [record for name in SOURCES for record in _records(tandem, media(name), chance.sample(GRIDS, 3))]
    chosen = chance.sample(records, min(RECORDS, len(records)))
    assert len(chosen) == RECORDS
    wrong = [
        (path.name, row["window"], row["video_pts"], shown) for path, row, shown in chosen if not _agree(row, shown)
    ]
    assert wrong == []


def _records(tandem, path, grids):
    """Each record of a file with the frames that its window shows, repeats kept."""
    tick = reference.time_base(path, "v")
    stamps = [stamp.pts for stamp in reference.stamps(path, "v")]
    kinds = {kind: reference.time_base(path, kind) for kind in "av"}
    zero = min(reference.stamps(path, kind)[0].pts * kinds[kind] for kind in kinds)
    for length, hop, fps in grids:
        for row in tandem.windows("--window", length, "--hop", hop, "--fps", fps, path):
            assert Fraction(row["video_time_base"]) == tick
            start = row["window"] * _seconds(hop)
            grid = Fraction(fps)
            yield path, row, reference.on_screen(stamps, tick, zero, start, start + _seconds(length), grid)


def _seconds(text: str) -> Fraction:
    return Fraction(text[:-2]) / 1000 if text.endswith("ms") else Fraction(text[:-1])


def _agree(row: dict, shown: list[int]) -> bool:
    """In a window that ends after the last picture the model goes on showing it: only those before count."""
    distinct = list(dict.fromkeys(shown))
    same = list(dict.fromkeys(row["video_pts"])) == distinct and row["frames"] == len(distinct)
    return same and (row["video_valid"] < 1 or row["frames_repeated"] == len(shown) - len(distinct))


def test_a_named_frame_has_the_luma_that_ffmpeg_finds_at_its_stamp(tandem, media):
    path = media("seek-h264-flac.mp4")
    pictures = {
        stamp.pts: picture for stamp, picture in zip(reference.stamps(path, "v"), reference.gray(path, 320, 180))
    }
    frames = tandem.frames(path)
    assert [frame.pts for frame in frames] == sorted(pictures)
    for frame in frames:
        assert frame.luma == pytest.approx(pictures[frame.pts].mean(), abs=1)


def test_the_vector_is_that_of_the_named_frame(tandem, media, tmp_path):
    """One picture a window: its vector is the image vector of the frame that ffmpeg extracts at that stamp."""
    path = media("seek-h264-flac.mp4")
    rows = tandem.rows("--window", "500ms", "--hop", "500ms", "--fps", "2", "--limit", "12", path)
    (stamps,) = zip(*(row["video_pts"] for row in rows))
    vectors = np.array([_still(row["video"]) for row in rows])
    images = np.array([_still(_image_vector(tandem, path, pts, tmp_path)) for pts in stamps])
    likeness = vectors @ images.T
    assert np.diag(likeness).min() > 0.999
    assert list(likeness.argmax(axis=1)) == list(range(12))


def _still(vector: list[float]) -> np.ndarray:
    """Without the last 16 numbers: motion, which a single image has not."""
    still = np.array(vector[:-16])
    return still / np.linalg.norm(still)


def _image_vector(tandem, path, pts: int, folder) -> list[float]:
    image = folder / f"{pts}.png"
    select = ["-vf", f"select=eq(pts\\,{pts})", "-frames:v", "1", image]
    subprocess.run(["ffmpeg", "-v", "error", "-copyts", "-i", path, *select], check=True)
    return json.loads(tandem.ok("encode", "--model", "builtin", "--image", image))["vector"]
