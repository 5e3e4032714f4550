"""One set of records, read by every reader: each column has the values of the NDJSON."""

import base64
import datetime
import io
import json

import duckdb
import numpy as np
import polars
import pyarrow.ipc
import pytest

#: Sound, picture and text; a track missing; two tracks of a kind; steps; concat.
MAKES = [
    ("tracks.mkv", []),
    ("aonly.m4a", []),
    ("languages.mkv", ["--tracks", "audio:0,audio:1,video", "--fuse", "concat"]),
    ("beep.mp4", ["--steps", "--window", "1s"]),
]


@pytest.fixture(params=MAKES, ids=lambda make: " ".join([make[0], *make[1]]))
def both(request, tandem, media):
    """The Arrow stream's table and the NDJSON rows of the same run."""
    name, options = request.param
    inputs = ["--name", "x", "--quiet", *options, media(name)]
    stream = tandem.ok("embed", "--format", "arrow", *inputs)
    lines = tandem.ok("embed", "--format", "ndjson", *inputs).splitlines()
    table = pyarrow.ipc.open_stream(io.BytesIO(stream)).read_all()
    table.validate(full=True)
    return stream, table, [json.loads(line) for line in lines]


def same(value, wanted) -> bool:
    """Whether a reader's value is that of the NDJSON, which writes float32 so that it reads back exactly."""
    if value is None or wanted is None:
        return value is wanted
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") == wanted
    if isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(same(value[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(value) == len(wanted) and all(same(a, b) for a, b in zip(value, wanted))
    return np.float32(value) == np.float32(wanted) if isinstance(wanted, float) else value == wanted


def check(rows: list[dict], wanted: list[dict]) -> None:
    assert len(rows) == len(wanted) > 0
    for row, line in zip(rows, wanted):
        assert list(row) == list(line)
        wrong = [key for key in line if not same(row[key], line[key])]
        assert not wrong, {key: (row[key], line[key]) for key in wrong}


def test_pyarrow_reads_every_column(both):
    _, table, lines = both
    check(table.to_pylist(), lines)


def test_polars_reads_every_column(both):
    stream, _, lines = both
    frame = polars.read_ipc_stream(io.BytesIO(stream))
    check([{key: _plain(value) for key, value in row.items()} for row in frame.to_dicts()], lines)


def _plain(value):
    """Arrays inside structs come as series."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.to_list() if hasattr(value, "to_list") else value


def test_duckdb_reads_every_column(both):
    _, records, lines = both
    result = duckdb.sql("select * replace (timezone('UTC', wall) as wall) from records")
    names = [column[0] for column in result.description]
    check([dict(zip(names, row)) for row in result.fetchall()], lines)


def test_duckdb_compares_vectors(both):
    _, records, _ = both
    size = records.schema.field("fused").type.list_size
    nearest = f"array_cosine_similarity(fused, fused::FLOAT[{size}])"
    assert duckdb.sql(f"select min({nearest}) from records").fetchall()[0][0] == pytest.approx(1, abs=1e-5)


def test_base64_is_the_array(tandem, media):
    inputs = ["embed", "--format", "ndjson", "--quiet", media("beep.mp4")]
    plain = [json.loads(line) for line in tandem.ok(*inputs).splitlines()]
    packed = [json.loads(line) for line in tandem.ok(*inputs, "--vectors", "base64").splitlines()]
    for row, other in zip(plain, packed):
        assert np.array_equal(np.float32(row["fused"]), np.frombuffer(base64.b64decode(other["fused"]), "<f4"))


def test_npy_is_the_fused_column(tandem, media, tmp_path):
    path = tmp_path / "fused.npy"
    tandem.ok("embed", "--quiet", "-o", path, media("beep.mp4"))
    rows = [json.loads(line) for line in tandem.ok("embed", "--format", "ndjson", media("beep.mp4")).splitlines()]
    assert np.array_equal(np.load(path), np.float32([row["fused"] for row in rows]))
