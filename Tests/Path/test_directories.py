"""Directories with links in circles, closed doors and things that only look like media; one input twice."""

import os
import socket

import pytest

from runner import lines
from watch import survives, watched

DONE, UNDECODABLE, UNREADABLE = 0, 65, 66


@pytest.fixture
def folder(media, tmp_path):
    place = tmp_path / "films"
    (place / "b").mkdir(parents=True)
    for name in ("a.mp4", "b/c.mp4"):
        (place / name).write_bytes(media("beep.mp4").read_bytes())
    return place


def _embed(tandem, *arguments, **options):
    form = ["--quiet", "--vectors", "none", "--format", "ndjson", "-o", "-"]
    return watched(tandem.command("embed", *form, *arguments), **options)


def _sources(done) -> list[str]:
    """Where records come from, each once, in order."""
    return list(dict.fromkeys(row["source"] for row in lines(done.stdout)))


def test_a_directory_that_contains_itself_is_read_once(tandem, folder):
    (folder / "b/up").symlink_to("..")
    (folder / "self").symlink_to(".")
    done = _embed(tandem, folder)
    survives(done, codes=(DONE,))
    assert _sources(done) == [f"{folder}/a.mp4", f"{folder}/b/c.mp4"]
    assert len(lines(done.stdout)) == 6


def test_a_directory_given_as_a_link_is_read(tandem, folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    done = _embed(tandem, tmp_path / "link")
    survives(done, codes=(DONE,))
    assert len(_sources(done)) == 2


def test_links_in_a_circle_are_named_and_the_others_go_on(tandem, folder):
    (folder / "a1.mp4").symlink_to("a2.mp4")
    (folder / "a2.mp4").symlink_to("a1.mp4")
    (folder / "b/gone.mp4").symlink_to("nowhere.mp4")
    done = _embed(tandem, folder)
    assert done.code == UNDECODABLE
    assert _sources(done) == [f"{folder}/a.mp4", f"{folder}/b/c.mp4"]
    for name in ("a1.mp4", "a2.mp4", "gone.mp4"):
        assert len([line for line in done.said if f"/{name}: " in line]) == 1, done.said
    assert "3 of 5" in done.said[-1]


def test_a_link_in_a_circle_alone_is_unreadable(tandem, tmp_path):
    (tmp_path / "x.mp4").symlink_to("x.mp4")
    done = _embed(tandem, tmp_path / "x.mp4")
    survives(done, codes=(UNREADABLE,))
    assert "x.mp4" in done.said[0]


def test_a_closed_subdirectory_is_named_and_the_others_go_on(tandem, folder):
    (folder / "locked").mkdir()
    (folder / "locked").chmod(0)
    command = tandem.command("embed", "--quiet", "--vectors", "none", "--format", "ndjson", "-o", "-", folder)
    drop = ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    try:
        done = watched([*drop, *command])
    finally:
        (folder / "locked").chmod(0o700)
    assert done.code == UNDECODABLE, done.said
    assert _sources(done) == [f"{folder}/a.mp4", f"{folder}/b/c.mp4"]
    assert len([line for line in done.said if f"{folder}/locked" in line]) == 1, done.said


def test_what_only_looks_like_media_is_named_and_nothing_waits(tandem, folder):
    """A directory, a socket and a named pipe without a writer, each called like a film."""
    (folder / "d.mp4").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(folder)
        listening.bind("s.mp4")
        done = _embed(tandem, folder)
    assert _sources(done) == [f"{folder}/a.mp4", f"{folder}/b/c.mp4"]
    assert done.code == UNDECODABLE
    assert [line for line in done.said if "s.mp4" in line]
    assert not [line for line in done.said if "d.mp4" in line]


def test_a_deep_tree_is_read_to_the_bottom(tandem, media, tmp_path):
    deep = tmp_path.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "x.mp4").write_bytes(media("beep.mp4").read_bytes())
    done = _embed(tandem, tmp_path)
    survives(done, codes=(DONE,))
    assert _sources(done) == [str(deep / "x.mp4")]


def test_an_input_named_twice_is_read_twice(tandem, media):
    """As a shell's `cat a a`: each time with as many windows as one may have."""
    path = media("beep.mp4")
    done = _embed(tandem, "--limit", "2", path, path)
    survives(done, codes=(DONE,))
    assert [row["window"] for row in lines(done.stdout)] == [0, 1, 0, 1]
    assert _sources(done) == [str(path)]


@pytest.mark.parametrize("form", ["ndjson", "arrows"])
def test_an_input_named_twice_resumes_where_it_ended(tandem, media, tmp_path, form):
    """Nothing is lost or written twice when a run over the same input twice goes on."""
    path, output = media("beep.mp4"), tmp_path / f"x.{form}"
    command = tandem.command("embed", "--quiet", "--limit", "2", "-o", output, path, path)
    survives(watched(command), codes=(DONE,))
    whole = output.read_bytes()
    survives(watched([*command, "--resume"]), codes=(DONE,))
    assert output.read_bytes() == whole


def test_the_same_file_by_two_names_is_two_sources(tandem, folder):
    os.link(folder / "a.mp4", folder / "z.mp4")
    (folder / "y.mp4").symlink_to("a.mp4")
    done = _embed(tandem, "--limit", "1", folder)
    survives(done, codes=(DONE,))
    assert _sources(done) == [f"{folder}/{name}" for name in ("a.mp4", "b/c.mp4", "y.mp4", "z.mp4")]
