"""The figures of a running daemon: valid OpenMetrics by its strict reader, and all that docs/metrics.md says of them."""

import contextlib
import os
import re
import sys
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import live
import mirror
from daemon import NONE_DROPPED, dropped, serving, until
from test_serve_faults import add, camera, playing

PAGE = Path(__file__).parents[2] / "docs/metrics.md"
STAGES = ("waiting", "encoding", "writing", "syncing")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
#: Nothing was lost, and no sender tells the time: there is no sample of them.
WITHOUT_SAMPLES = {"tandem_source_losses", "tandem_wall_drift_ppm", "tandem_encoder_failed", "tandem_encoder_ignored"}
BASE_UNITS = ("_seconds", "_bytes")


@pytest.fixture(scope="module")
def service(tandem, media, tmp_path_factory):
    """A daemon with a live source, a watched folder, one that is not to run, and an encoder that is another program."""
    folder, port = tmp_path_factory.mktemp("metrics"), live.port()
    recipe = folder / "mirror.yaml"
    recipe.write_text(f"name: mirror\nvideo: {{command: [{sys.executable}, {mirror.ENCODER}, video], fps: 8}}\n")
    add(folder / "clips", media, "ab")
    sources = {
        "cam": camera(port), "clips": {"url": folder / "clips"}, "off": {"url": media("beep.mp4"), "enabled": "false"}
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(playing(media, port))
        service = stack.enter_context(serving(tandem, folder, sources, {"model": recipe}))
        service.port = port
        until(lambda: service.source("cam")["windows"] > 2 and service.metric("tandem_finished_files") == 2)
        yield service


def families(service) -> dict:
    """By name."""
    status, text = service.http("/metrics")
    assert status == 200
    found = list(text_string_to_metric_families(text.decode()))
    assert len(found) == len({family.name for family in found})
    return {family.name: family for family in found}


def table() -> dict[str, tuple[str, set[str]]]:
    """Type and labels of each family, as the page has them."""
    rows = re.findall(r"^\| `(tandem_\w+)` \| (\w+) \|(.*?)\| .+ \|$", PAGE.read_text(), re.M)
    assert len(rows) == len({name for name, _, _ in rows})
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_the_strict_reader_takes_all_of_it_and_knows_the_type(service):
    with contextlib.closing(service.door()) as door:
        door.request("GET", "/metrics")
        answer = door.getresponse()
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        answer.read()
    for name, family in families(service).items():
        assert family.documentation and family.type in SUFFIXES, name
        assert all(sample.name.removeprefix(name) in SUFFIXES[family.type] for sample in family.samples)
        assert not family.unit or name.endswith(f"_{family.unit}")
        assert name.endswith(BASE_UNITS) == bool(family.unit), "base units, and told"
        assert not re.search("milli|micro|nano|_ms|_us|_ns|kilo|mega", name)


def test_the_page_has_every_family_with_its_type_and_its_labels(service):
    found, told = families(service), table()
    assert found.keys() == told.keys()
    for name, family in found.items():
        kind, labels = told[name]
        assert family.type == kind, name
        assert bool(family.samples) or name in WITHOUT_SAMPLES, name
        assert all(sample.labels.keys() - {"le"} == labels for sample in family.samples), name


def test_every_reason_stands_at_zero_from_the_start(service):
    metrics = service.metrics()
    assert [dropped(metrics, name) for name in ("cam", "clips", "off")] == [NONE_DROPPED] * 3


def test_each_record_is_timed_once_for_its_source_and_at_each_stage(service):
    metrics = service.metrics()

    def latency(part: str, name: str, **labels: str) -> float:
        return metrics[f"tandem_{name}_latency_seconds_{part}", tuple(sorted(labels.items()))]

    def given(name: str) -> float:
        return metrics["tandem_windows_given_total", (("source", name),)]

    assert latency("count", "record", source="clips") == given("clips") > 4
    assert latency("count", "record", source="off") == given("off") == 0
    assert abs(latency("count", "record", source="cam") - given("cam")) <= 1  # it goes on meanwhile
    assert all(latency("count", "stage", stage=stage) > 0 for stage in STAGES)
    written = sum(latency("count", "record", source=name) for name in ("cam", "clips", "off"))
    assert abs(latency("count", "stage", stage="writing") - written) <= 1


def test_the_memory_of_workers_is_told_while_they_run(service):
    def told() -> dict[str, float]:
        return {dict(labels)["source"]: value for (name, labels), value in service.metrics().items()
                if name == "tandem_worker_resident_memory_bytes"}

    def resident(process: int) -> int:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    assert told().keys() == {"cam", "clips"}
    assert told()["cam"] == pytest.approx(resident(service.worker(service.port)), rel=0.2)
    assert service.metric("tandem_resident_memory_bytes") == pytest.approx(resident(service.pid), rel=0.2)
    assert service.http("/v1/sources/clips", "DELETE")[0] == 204
    until(lambda: told().keys() == {"cam"})
