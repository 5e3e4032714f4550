"""Playlists: one from the network opens nothing of this machine, one in a folder may name its neighbours."""

import functools
import http.server
import json
import shutil
import subprocess
import threading

import pytest

from runner import lines
from watch import survives, watched

UNDECODABLE, UNREADABLE = 65, 66


@pytest.fixture
def site(tmp_path):
    """A folder, served over loopback."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(_Silent, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def playlist(*segments: object, tags: str = "") -> str:
    listed = "".join(f"#EXTINF:4,\n{segment}\n" for segment in segments)
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n{tags}{listed}#EXT-X-ENDLIST\n"


def _embed(tandem, source, **options):
    command = tandem.command("embed", "--quiet", "--vectors", "none", "--format", "ndjson", "-o", "-", source)
    return watched(command, **options)


def test_a_playlist_from_the_network_may_name_its_neighbours(tandem, media, site):
    """What the refusals below rest upon: that this way is open."""
    folder, address = site
    (folder / "a.ts").write_bytes(media("beep.ts").read_bytes())
    (folder / "x.m3u8").write_text(playlist("a.ts"))
    done = _embed(tandem, f"{address}/x.m3u8")
    survives(done, codes=(0,))
    assert len(lines(done.stdout)) == len(tandem.windows(media("beep.ts")))


LOCAL = {
    "a URL of a file": "file://{path}",
    "a short URL of a file": "file:{path}",
    "a path": "{path}",
    "a path upwards": "../../../../../../../../../../../../..{path}",
    "a concatenation": "concat:{path}|{path}",
    "a part of a file": "subfile,,start,0,end,0,,:{path}",
    "an encrypted file": "crypto:{path}",
    "an encrypted file by URL": "crypto+file:{path}",
    "a cached file": "cache:file:{path}",
    "an inner playlist": "hls+file:{path}",
    "a pipe": "pipe:0",
    "a descriptor": "fd:0",
}


@pytest.mark.parametrize("name", LOCAL)
def test_a_playlist_from_the_network_opens_no_local_file(tandem, media, site, tmp_path, name):
    folder, address = site
    secret = tmp_path / "secret.ts"
    secret.write_bytes(media("beep.ts").read_bytes())
    (folder / "x.m3u8").write_text(playlist(LOCAL[name].format(path=secret)))
    with open(secret, "rb") as stdin:
        _opens_nothing(_embed(tandem, f"{address}/x.m3u8", stdin=stdin))
        assert not stdin.tell(), "standard input was read"


@pytest.mark.parametrize("tags", ['#EXT-X-KEY:METHOD=AES-128,URI="file://{}"\n', '#EXT-X-MAP:URI="file://{}"\n'])
def test_nor_does_a_key_or_a_header_that_it_names(tandem, media, site, tmp_path, tags):
    folder, address = site
    (tmp_path / "secret.key").write_bytes(bytes(16))
    (folder / "a.ts").write_bytes(media("beep.ts").read_bytes())
    (folder / "x.m3u8").write_text(playlist("a.ts", tags=tags.format(tmp_path / "secret.key")))
    trace = _opened(tandem, tmp_path, f"{address}/x.m3u8")
    assert "secret.key" not in trace


def test_nor_does_a_playlist_of_playlists(tandem, media, site, tmp_path):
    folder, address = site
    local = tmp_path / "local.m3u8"
    local.write_text(playlist(media("beep.ts")))
    (folder / "x.m3u8").write_text(f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nfile://{local}\n")
    _opens_nothing(_embed(tandem, f"{address}/x.m3u8"))


def test_no_list_of_users_is_read(tandem, site):
    folder, address = site
    (folder / "x.m3u8").write_text(playlist("/etc/passwd", "file:///etc/passwd"))
    done = _embed(tandem, f"{address}/x.m3u8")
    _opens_nothing(done)
    assert b"root:" not in done.stderr


def test_a_redirect_to_a_file_is_not_followed(tandem, media, tmp_path):
    class Redirect(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", f"file://{media('beep.ts')}")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _opens_nothing(_embed(tandem, f"http://127.0.0.1:{server.server_port}/x.ts"))
        server.shutdown()


def _opens_nothing(done) -> None:
    survives(done, codes=(UNDECODABLE, UNREADABLE))
    assert not done.stdout


def _opened(tandem, tmp_path, source: str) -> str:
    """The files that a run opens, as the kernel saw it."""
    log = tmp_path / "calls"
    command = ["strace", "-f", "-qq", "-e", "trace=openat,open", "-o", str(log)]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs strace")
    options = ["embed", "--quiet", "--format", "ndjson", "-o", "/dev/null", source]
    done = watched([str(shutil.which("strace")), *command[1:], *tandem.command(*options)])
    survives(done, codes=(0, UNDECODABLE, UNREADABLE))
    return log.read_text()




def test_a_local_playlist_may_name_its_neighbours(tandem, media, tmp_path):
    (tmp_path / "a.ts").write_bytes(media("beep.ts").read_bytes())
    path = tmp_path / "x.m3u8"
    path.write_text(playlist("a.ts"))
    rows = lines(tandem.ok("embed", "--vectors", "none", "--format", "ndjson", "-o", "-", "--quiet", path))
    assert len(rows) == len(tandem.windows(media("beep.ts")))
    assert {row["source"] for row in rows} == {str(path)}


def test_a_local_playlist_whose_segments_are_gone(tandem, tmp_path):
    path = tmp_path / "x.m3u8"
    path.write_text(playlist("gone.ts", "gone-too.ts"))
    done = _embed(tandem, path)
    survives(done, codes=(UNDECODABLE, UNREADABLE))
    assert "x.m3u8" in done.said[0]


def test_a_local_playlist_reaches_no_network(tandem, media, site, tmp_path):
    folder, address = site
    (folder / "a.ts").write_bytes(media("beep.ts").read_bytes())
    path = tmp_path / "x.m3u8"
    path.write_text(playlist(f"{address}/a.ts"))
    _opens_nothing(_embed(tandem, path))


def test_a_playlist_that_names_itself_ends(tandem, tmp_path):
    path = tmp_path / "x.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nx.m3u8\n")
    survives(_embed(tandem, path), codes=(UNDECODABLE, UNREADABLE))


def test_what_is_shown_of_an_address_holds_no_password(tandem, media, site):
    folder, address = site
    (folder / "a.ts").write_bytes(media("beep.ts").read_bytes())
    secret = address.replace("://", "://me:hush@")
    assert b"hush" not in _embed(tandem, f"{secret}/missing.ts").stderr
    done = _embed(tandem, f"{secret}/a.ts")
    survives(done, codes=(0,))
    assert b"hush" not in done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[0])["source"] == f"{address}/a.ts"
