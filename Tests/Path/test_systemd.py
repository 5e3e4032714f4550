"""The units as systemd reads them: without a complaint, and with the exposure that their comments tell.

They are scored and verified here; `make deb-check` runs them.
"""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runner import ROOT

UNITS = ROOT / "systemd"
SERVICES = ["tandem.service", "tandem@.service"]
SOCKETS = ["tandem.socket", "tandem-http.socket"]
DROP_INS = sorted(path.name for path in (UNITS / "drop-ins").glob("*.conf"))
LIMIT = 1.1

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")


def unit_text(name: str) -> str:
    """A unit as it is installed."""
    if name != "tandem@.service":
        return (UNITS / name).read_text()
    command = ["sed", "-f", UNITS / "instance.sed", UNITS / "tandem.service"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def placed(folder: Path, *drop_ins: str) -> Path:
    """The units in a folder of their own, with drop-ins, and a program that is there."""
    for name in SERVICES + SOCKETS:
        (folder / name).write_text(unit_text(name).replace("/usr/bin/tandem", "/bin/true"))
    for service in SERVICES:
        (folder / f"{service}.d").mkdir()
        for drop_in in drop_ins:
            shutil.copy(UNITS / "drop-ins" / drop_in, folder / f"{service}.d")
    return folder


def exposure(unit: Path) -> float:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=100", unit],
        capture_output=True, text=True, check=True)
    return float(re.search(r"exposure level for .*: ([\d.]+)", done.stdout)[1])


def told(text: str) -> float:
    """The exposure that a file's own comment tells."""
    comment = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    return float(re.search(r"[Ee]xposure[^:;]*?:? (\d\.\d)", comment)[1])


def settings(name: str) -> list[tuple[str, str]]:
    """Keys and values in order; a key may stand more than once."""
    pairs = (line.split("=", 1) for line in unit_text(name).splitlines() if re.match(r"\w+=", line))
    return [(key, value) for key, value in pairs]


@needs_systemd
def test_systemd_has_no_complaint(tmp_path):
    folder = placed(tmp_path)
    shutil.copy(folder / "tandem@.service", folder / "tandem@garden.service")
    units = [folder / name for name in ["tandem.service", "tandem@garden.service", *SOCKETS]]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "tandem" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


@needs_systemd
@pytest.mark.parametrize("drop_in", DROP_INS)
def test_systemd_has_no_complaint_about_a_drop_in(tmp_path, drop_in):
    unit = placed(tmp_path, drop_in) / "tandem.service"
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "tandem" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


@needs_systemd
@pytest.mark.parametrize("service", SERVICES)
def test_the_exposure_is_low_and_as_told(tmp_path, service):
    seen = exposure(placed(tmp_path) / service)
    assert seen <= LIMIT
    assert seen == told(unit_text(service))


@needs_systemd
@pytest.mark.parametrize("drop_in", DROP_INS)
@pytest.mark.parametrize("service", SERVICES)
def test_the_exposure_with_a_drop_in_is_as_told(tmp_path, service, drop_in):
    seen = exposure(placed(tmp_path, drop_in) / service)
    assert seen == told((UNITS / "drop-ins" / drop_in).read_text())
    row = re.search(rf"`{drop_in}` \| .* \| ([\d.]+) \|", (ROOT / "docs/operations.md").read_text())
    assert row and float(row[1]) == seen, "docs/operations.md tells another figure"


@needs_systemd
def test_the_exposure_with_all_drop_ins_is_as_told(tmp_path):
    seen = exposure(placed(tmp_path, *DROP_INS) / "tandem.service")
    assert f"| all of them | – | {seen} |" in (ROOT / "docs/operations.md").read_text()


def test_an_instance_has_names_of_its_own_and_no_sockets_from_outside():
    assert "%i" not in unit_text("tandem.service")
    one, other = settings("tandem.service"), settings("tandem@.service")
    alike = [pair for pair in one if pair in other]
    assert [pair for pair in other if "%i" not in pair[1]] == alike
    assert {key: value for key, value in other if "%i" in value} == {
        "Description": "Tandem, time-true embeddings of media (%i)",
        "ExecStart": "/usr/bin/tandem serve /etc/tandem/%i.yaml",
        "StateDirectory": "tandem/instances/%i", "CacheDirectory": "tandem/instances/%i",
        "Environment": "XDG_CACHE_HOME=%C/tandem/instances/%i", "RuntimeDirectory": "tandem-%i",
        "NoExecPaths": "/var/lib/tandem/instances/%i /var/cache/tandem/instances/%i /run/tandem-%i /tmp /var/tmp",
    }
    own = {"Wants", "Sockets", "Also", "RuntimeDirectoryPreserve", "ReadOnlyPaths"}
    assert {key for key, _ in one} - {key for key, _ in other} == own


def test_both_sockets_are_for_the_group_alone_and_have_the_names_that_the_daemon_asks_for():
    seen = {}
    for name in SOCKETS:
        unit = dict(settings(name))
        seen[unit["FileDescriptorName"]] = unit["ListenStream"]
        assert (unit["SocketMode"], unit["SocketGroup"], unit["Service"]) == ("0660", "tandem", "tandem.service")
    assert seen == {"records": "/run/tandem/records.sock", "http": "/run/tandem/http.sock"}


def test_the_daemon_has_more_time_to_stop_than_it_takes_and_less_than_half_a_minute_to_hang():
    unit = dict(settings("tandem.service"))
    assert int(unit["TimeoutStopSec"]) > 10
    assert int(unit["WatchdogSec"]) <= 30


@pytest.mark.parametrize("name", [*SERVICES, *SOCKETS])
def test_a_unit_sets_nothing_twice_but_lists(name):
    parser = configparser.ConfigParser(strict=True, interpolation=None, delimiters="=", comment_prefixes="#")
    text = unit_text(name)
    parser.read_string(re.sub(r"(?m)^SystemCallFilter=(~|seccomp).*\n", "", text))
    assert "Unit" in parser
