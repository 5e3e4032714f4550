"""One minute of the same film in 19 containers and codecs (PyPI's `iscc-samples`, CC-BY) makes the same vectors."""

import subprocess
import sys
import tarfile

import numpy as np
import pytest

CONTAINERS = "3g2 3gp asf avi f4v flv m4v mkv mov mp4 mpeg mpg ogg ogv rm swf vob webm wmv".split()
#: Whole seconds that every container has.
WINDOWS = 58
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
    subprocess.run([*fetch, "iscc-samples==0.6.0", "-d", folder], check=True)
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
    """[window, dimension] of each kind; NaN where a window has no vector (the film begins in silence)."""
    first = [row for row in rows if row["epoch"] == 0][:WINDOWS]
    return {kind: np.array([row[kind] or [np.nan] * 256 for row in first]) for kind in ("video", "audio")}


@pytest.mark.parametrize("kind, least", [("video", 0.98), ("audio", 0.95)])
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_agrees_with_the_others_window_by_window(records, container, kind, least):
    """Median cosine over all windows and all other containers."""
    own = records[container][kind]
    others = [vectors[kind] for name, vectors in records.items() if name != container]
    likeness = np.array([np.sum(own * other, axis=1) for other in others])
    assert np.mean(np.isfinite(likeness)) > 0.95
    assert np.nanmedian(likeness) >= least
