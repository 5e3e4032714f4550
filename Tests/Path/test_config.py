"""`tandem config check`: what is good, what is wrong and where, and which of file, environment and flag counts."""

import os
import shutil
import subprocess

import pytest

from runner import ROOT

PLAIN = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@pytest.fixture()
def check(tandem, tmp_path):
    """Writes a configuration and checks it; gives the finished process."""

    def run(text: str | bytes, *flags, env: dict | None = None) -> subprocess.CompletedProcess:
        path = tmp_path / "t.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        options = [option for flag in flags for option in (("--set", flag) if "=" in flag else (flag,))]
        return tandem("config", "check", "t.yaml", *options, cwd=tmp_path, env=PLAIN | (env or {}))

    return run


@pytest.mark.parametrize("name, sources", [("tandem", "0 sources"), ("live", "3 sources"), ("archive", "2 sources")])
def test_the_examples_are_good(tandem, name, sources):
    path = ROOT / f"configs/{name}.yaml"
    assert tandem.ok("config", "check", path, env=PLAIN).decode() == f"{path}: good, {sources}\n"


def test_one_source_is_one_source(check):
    done = check("sources: {front: {url: /dev/video0}}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"t.yaml: good, 1 source\n", b"")


def test_all_that_is_wrong_is_told_with_its_line(check):
    done = check("hop: soon\nsources:\n  front:\n    url: a\n    lisen: true\n")
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.decode().splitlines() == [
        "t.yaml:1: hop: 'soon' is no length of time such as 500ms, 2s or 1h",
        "t.yaml:5: sources.front: unknown key 'lisen', did you mean 'listen'?",
    ]


def test_the_words_of_other_rooms_are_known(check):
    good = "fuse: concat\nblas: onednn\nprecision: bf16\ntracks: audio:deu,video:1\n"
    assert check(good).returncode == 0
    for key in ("fuse", "blas", "precision", "tracks"):
        done = check(f"{key}: nothing\n")
        assert done.returncode == 78 and done.stderr.startswith(f"t.yaml:1: {key}: 'nothing' is not".encode())


@pytest.mark.parametrize(
    "text, reason",
    [
        ("model: nobody/knows\n", "tandem: model nobody/knows: not found here or under "),
        ("precision: bf16\n", "tandem: t.yaml: builtin computes in f32 alone\n"),
        ("records: {group: nobody-knows}\n", "tandem: records.group: no group is named nobody-knows\n"),
    ],
)
def test_what_this_machine_has_not_is_found_where_it_is_looked_for(check, text, reason):
    assert check(text).returncode == 0
    done = check(text, "--here")
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.decode().startswith(reason)
    assert check("", "--here").stdout == b"t.yaml: good, 0 sources\n"


def test_flags_outrank_the_environment_that_outranks_the_file(check):
    text = "limits: {sources: 5}\nsources: {a: {url: a}, b: {url: b}}\n"
    assert check(text).returncode == 0
    done = check(text, env={"TANDEM_LIMITS_SOURCES": "1"})
    assert done.returncode == 78
    assert done.stderr == b"TANDEM_LIMITS_SOURCES: limits.sources: there are 2 sources, more than 1\n"
    assert check(text, "limits.sources=2", env={"TANDEM_LIMITS_SOURCES": "1"}).returncode == 0
    done = check(text, "limits.sources=1")
    assert done.stderr == b"--set: limits.sources: there are 2 sources, more than 1\n"


def test_a_misspelt_variable_is_an_error_and_those_of_others_are_not(check):
    done = check("", env={"TANDEM_RECORDS_SNYC": "1ms"})
    assert done.returncode == 78
    assert done.stderr == b"TANDEM_RECORDS_SNYC: unknown variable, did you mean 'TANDEM_RECORDS_SYNC'?\n"
    assert check("", env={"TANDEM_MODELS": "/models", "TANDEM_PORT": "tcp://192.0.2.1:80"}).returncode == 0


@pytest.mark.parametrize("text", [
    "hop: rtsp://u:hunter2@h/\n", "rtsp://u:hunter2@h/: 1\n", "sources: {a: {url: 'rtsp://u:hunter2@h/${x}'}}\n",
    "sources: {a: {url: 'rtsp://u:hunter2@h\n", "sources: {'u:hunter2@h': {}}\n",
])
def test_no_secret_is_told(check, text):
    done = check(text)
    assert done.returncode == 78 and done.stderr.startswith(b"t.yaml:") and b"hunter2" not in done.stderr


def test_hostile_files_are_refused_at_once(check):
    laughs = "a0: &a0 [x, x]\n" + "".join(f"? &a{n} [*a{n - 1}, *a{n - 1}]\n: y\n" for n in range(1, 60))
    for text in (laughs, "a: " + "[" * 500_000, b"model: \xff\xfe\n", b"\0" * 100, os.urandom(1 << 16)):
        done = check(text)
        assert done.returncode == 78 and done.stderr.startswith(b"t.yaml:"), done.stderr[:200]
    done = check("#" * ((1 << 20) + 1))
    assert done.returncode == 78 and b"is longer than" in done.stderr


def test_a_file_that_is_not_there_is_not_found(tandem, tmp_path):
    done = tandem("config", "check", tmp_path / "none.yaml", env=PLAIN)
    assert done.returncode == 66 and b"No such file" in done.stderr


def test_an_endless_file_is_too_long(tandem):
    assert tandem("config", "check", "/dev/zero", env=PLAIN).returncode == 78


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_the_manual_is_good_mdoc():
    said = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", ROOT / "man/tandem.yaml.5"], capture_output=True)
    assert said.returncode == 0, said.stdout.decode()
