"""Fixtures of pytest: the program (`tandem`), media by name (`media`), and the full counts (`TANDEM_LONG=1`)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import daemon  # noqa: E402
from runner import ROOT, Tandem  # noqa: E402


@pytest.fixture(scope="session")
def tandem(tmp_path_factory) -> Tandem:
    program = Path(os.environ.get("TANDEM", ROOT / ".build/release/tandem")).absolute()
    if not program.exists():
        pytest.exit(f"{program} is missing: build it, or name it in $TANDEM", returncode=2)
    return Tandem(program, tmp_path_factory.mktemp("tandem"))


@pytest.fixture(scope="session")
def media():
    """The path of a committed clip of media/, or of a file of media/fixtures, made first where it is missing."""

    def find(name: str) -> Path:
        if (ROOT / "media" / name).exists():
            return ROOT / "media" / name
        path = Path(os.environ.get("TANDEM_FIXTURES", ROOT / "media/fixtures")) / name
        if not path.exists():
            subprocess.run(["bash", ROOT / "media/make.sh", name], check=True)
        return path

    return find


@pytest.fixture(scope="session")
def beep_windows(tandem, media) -> list[int]:
    """The windows of the clip beep.mp4, as the daemon gives them without faults."""
    grid = ["--window", daemon.QUICK["window"], "--hop", daemon.QUICK["hop"]]
    return [row["window"] for row in tandem.windows(*grid, media("beep.mp4"))]
