"""A full device or a closed descriptor: exit code 74 and one line, and nothing is written where it does not belong."""

import subprocess

import pytest

from watch import survives, watched

DONE, IO_ERROR = 0, 74

WRITERS = {
    "inspect": ["inspect", "{clip}"],
    "inspect --json": ["inspect", "--json", "{clip}"],
    "inspect --json-windows": ["inspect", "--json-windows", "{clip}"],
    "inspect --wav -": ["inspect", "--wav", "-", "{clip}"],
    "inspect --frames -": ["inspect", "--frames", "-", "{clip}"],
    "encode --image": ["encode", "--image", "{clip}"],
    "encode --audio": ["encode", "--audio", "{clip}"],
    "models list": ["models", "list"],
    "models list --json": ["models", "list", "--json"],
    "embed": ["embed", "--quiet", "{clip}"],
    "embed --table": ["embed", "--quiet", "--table", "{clip}"],
    "embed --format ndjson": ["embed", "--quiet", "--format", "ndjson", "{clip}"],
    "--help": ["--help"],
    "embed --help": ["embed", "--help"],
    "--version": ["--version"],
}


def _filled(arguments: list[str], media) -> list[str]:
    return [argument.format(clip=media("beep.mp4")) for argument in arguments]


def _is_one_io_error(done) -> None:
    survives(done, codes=(IO_ERROR,))
    assert done.said[0].startswith("tandem: "), done.said


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_device_behind_standard_output(tandem, media, name):
    with open("/dev/full", "wb") as full:
        _is_one_io_error(watched(tandem.command(*_filled(WRITERS[name], media)), stdout=full))


@pytest.mark.parametrize("name", WRITERS)
def test_standard_output_is_closed(tandem, media, name):
    command = tandem.command(*_filled(WRITERS[name], media))
    _is_one_io_error(watched(["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command], within=5))


@pytest.mark.parametrize("form", ["arrow", "ndjson", "npy"])
def test_a_full_device_by_name(tandem, media, form):
    done = watched(tandem.command("embed", "--quiet", "--format", form, "-o", "/dev/full", media("beep.mp4")))
    # npy needs an output in which it can go back to its header
    survives(done, codes=(IO_ERROR, 64) if form == "npy" else (IO_ERROR,))


@pytest.mark.parametrize("flag", ["--wav", "--frames"])
def test_a_full_device_for_what_inspect_makes(tandem, media, flag):
    done = watched(tandem.command("inspect", media("beep.mp4"), flag, "/dev/full"))
    _is_one_io_error(done)
    assert "/dev/full" in done.said[0]


@pytest.mark.parametrize("closed", ["0", "1", "2"])
@pytest.mark.parametrize("flag, name", [("--wav", "x.wav"), ("--frames", "x.csv"), ("--plot", "x.html")])
def test_a_closed_descriptor_never_mixes_words_into_a_file(tandem, media, tmp_path, closed, flag, name):
    """The first file that is opened gets the number that is free: it must not be taken for standard output."""
    whole, made = tmp_path / f"whole-{name}", tmp_path / name
    tandem.ok("inspect", media("beep.mp4"), flag, whole)
    command = tandem.command("inspect", media("beep.mp4"), flag, made)
    done = watched(["/bin/sh", "-c", f'exec "$@" {closed}>&-', "sh", *command], within=5)
    assert done.code == (IO_ERROR if closed == "1" else DONE)
    if done.code == DONE or made.exists():
        assert made.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("closed", ["0", "1", "2"])
def test_records_are_whole_whatever_is_closed(tandem, media, tmp_path, closed):
    whole, made = tmp_path / "whole.ndjson", tmp_path / "made.ndjson"
    arguments = [media("garbage.mp4"), media("beep.mp4")]
    watched(tandem.command("embed", "-o", whole, *arguments))
    command = tandem.command("embed", "-o", made, *arguments)
    done = watched(["/bin/sh", "-c", f'exec "$@" {closed}>&-', "sh", *command], within=5)
    assert done.code == 65
    assert made.read_bytes() == whole.read_bytes()


def test_a_reader_that_has_left_ends_every_command_quietly(tandem, media):
    for name in ("inspect", "models list", "encode --image", "embed --table"):
        command = tandem.command(*_filled(WRITERS[name], media))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            running.stdout.close()
            said = running.stderr.read()
            assert (running.wait(20), said) == (-13, b""), name
