"""One minute of the same film in 19 containers and codecs (PyPI's `iscc-samples`, CC-BY) makes the same vectors."""

import subprocess
import sys
import tarfile

import numpy as np
import pytest

CONTAINERS = "3g2 3gp asf avi f4v flv m4v mkv mov mp4 mpeg mpg ogg ogv rm swf vob webm wmv".split()
ARCHIVE = "iscc_samples-0.6.0.tar.gz"


@pytest.fixture(scope="module")
def samples(media):
    """The folder of the clips, fetched and unpacked once."""
    folder = media("base.nut").parent / "iscc"
    if not folder.exists():
        unpacked = folder.with_name(".iscc")
        _fetch(unpacked)
        unpacked.rename(folder)
    return folder


def _fetch(folder) -> None:
    fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "iscc-samples"]
    if subprocess.run([*fetch, "iscc-samples==0.6.0", "-d", folder]).returncode:
        pytest.skip("iscc-samples cannot be fetched")
    with tarfile.open(folder / ARCHIVE) as archive:
        for member in archive:
            if "/files/video/" in member.name and member.isfile():
                (folder / member.name.rsplit("/", 1)[1]).write_bytes(archive.extractfile(member).read())
    (folder / ARCHIVE).unlink()


@pytest.fixture(scope="module")
def records(tandem, samples):
    """container → (video, audio): [window, dimension] each."""
    return {name: _vectors(tandem.rows(samples / f"demo.{name}")) for name in CONTAINERS}


def _vectors(rows: list[dict]) -> dict[str, np.ndarray]:
    return {kind: np.array([row[kind] for row in rows if row["epoch"] == 0][:58], float) for kind in ("video", "audio")}


@pytest.mark.parametrize("kind, least", [("video", 0.98), ("audio", 0.95)])
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_agrees_with_the_others_window_by_window(records, container, kind, least):
    """Median cosine over all windows and all other containers."""
    own = records[container][kind]
    assert len(own) == 58
    others = [vectors[kind] for name, vectors in records.items() if name != container]
    likeness = [np.sum(own * other[: len(own)], axis=1) for other in others]
    assert np.median(likeness) >= least
