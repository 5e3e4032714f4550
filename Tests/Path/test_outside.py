"""What comes from outside leads nowhere inside: not by a redirection, a playlist, or a name that turns. What lies inside
leads to no other host that is this machine."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import stand_in

INSIDE, NEIGHBOUR, OUTSIDE = "127.0.0.1", "127.0.0.2", "203.0.113.1"
REFUSED = {65, 66}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> dict[str, str]:
    """Surroundings in which there is an outside."""
    return os.environ | {"LD_PRELOAD": str(stand_in("outside", tmp_path_factory.mktemp("outside")))}


@contextlib.contextmanager
def server(answer: Callable[[str], bytes], host: str = INSIDE):
    """Answers one request for each connection; gives its port, and the first line that came over each."""
    heard: list[str] = []

    def attend(connection: socket.socket):
        with connection, contextlib.suppress(OSError):
            n = len(heard)
            heard.append("")
            heard[n] = connection.recv(1 << 16).decode().split("\r\n")[0]
            connection.sendall(answer(heard[n]))

    with socket.create_server((host, 0)) as door:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    attend(door.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield door.getsockname()[1], heard
        door.shutdown(socket.SHUT_RDWR)


def page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def moved(protocol: str, to: str) -> bytes:
    return f"{protocol} 302 Found\r\nCSeq: 1\r\nLocation: {to}\r\nConnection: close\r\n\r\n".encode()


def playlist(segment: str, key: str = "") -> bytes:
    head = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{key}#EXTINF:2,\n{segment}\n#EXT-X-ENDLIST\n"
    return page(head.encode())


@pytest.fixture()
def treasure(media):
    """A server inside that would give a good file; its port and what it heard."""
    with server(lambda _: page(media("beep.ts").read_bytes())) as given:
        yield given


def inspect(tandem, world, url: str):
    return tandem("inspect", url, "--live", "opening=5s", env=world)


def assert_nothing_is_opened(tandem, world, treasure, url: str):
    done = inspect(tandem, world, url)
    assert treasure[1] == []
    assert done.returncode in REFUSED, done.stderr


# MARK: Redirections


def test_http_from_outside_is_not_followed_inside(tandem, world, treasure):
    with server(lambda _: moved("HTTP/1.1", f"http://{INSIDE}:{treasure[0]}/x.ts")) as (port, _):
        assert_nothing_is_opened(tandem, world, treasure, f"http://{OUTSIDE}:{port}/x.ts")


@pytest.mark.parametrize("to", [INSIDE, OUTSIDE, "localhost"])
def test_rtsp_from_outside_is_not_followed(tandem, world, treasure, to):
    with server(lambda _: moved("RTSP/1.0", f"rtsp://{to}:{treasure[0]}/x")) as (port, heard):
        assert_nothing_is_opened(tandem, world, treasure, f"rtsp://{OUTSIDE}:{port}/x")
        assert [line.split()[0] for line in heard] == ["OPTIONS"]


@pytest.mark.parametrize("scheme, protocol", [("http", "HTTP/1.1"), ("rtsp", "RTSP/1.0")])
def test_from_inside_both_are_followed(tandem, world, treasure, scheme, protocol):
    with server(lambda _: moved(protocol, f"{scheme}://{INSIDE}:{treasure[0]}/x.ts")) as (port, _):
        inspect(tandem, world, f"{scheme}://{INSIDE}:{port}/x.ts")
    assert len(treasure[1]) >= 1


@pytest.mark.parametrize("scheme, protocol", [("http", "HTTP/1.1"), ("rtsp", "RTSP/1.0")])
@pytest.mark.parametrize("to", ["0.0.0.0", "[::ffff:127.0.0.1]", "localhost"])
def test_but_not_to_another_host_that_is_this_machine(tandem, world, treasure, scheme, protocol, to):
    with server(lambda _: moved(protocol, f"{scheme}://{to}:{treasure[0]}/x.ts"), NEIGHBOUR) as (port, heard):
        assert_nothing_is_opened(tandem, world, treasure, f"{scheme}://{NEIGHBOUR}:{port}/x.ts")
        assert heard


# MARK: Playlists


@pytest.mark.parametrize("host", [INSIDE, "localhost", "0.0.0.0", "2130706433"])
def test_a_playlist_from_inside_opens_nothing_of_another_host_that_is_this_machine(tandem, world, treasure, host):
    with server(lambda _: playlist(f"http://{host}:{treasure[0]}/x.ts"), NEIGHBOUR) as (port, _):
        assert_nothing_is_opened(tandem, world, treasure, f"http://{NEIGHBOUR}:{port}/x.m3u8")


def test_it_opens_what_is_its_own(tandem, world, treasure):
    with server(lambda _: playlist(f"http://{INSIDE}:{treasure[0]}/x.ts")) as (port, _):
        done = inspect(tandem, world, f"http://{INSIDE}:{port}/x.m3u8")
    assert done.returncode == 0, done.stderr

@pytest.mark.parametrize("host", [INSIDE, "localhost", "both.example", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_playlist_from_outside_opens_nothing_inside(tandem, world, treasure, host):
    with server(lambda _: playlist(f"http://{host}:{treasure[0]}/x.ts")) as (port, _):
        assert_nothing_is_opened(tandem, world, treasure, f"http://{OUTSIDE}:{port}/x.m3u8")


@pytest.mark.parametrize("prefix", ["crypto:", "crypto+"])
def test_nor_by_a_url_in_a_url(tandem, world, treasure, prefix):
    with server(lambda _: playlist(f"{prefix}http://{INSIDE}:{treasure[0]}/x.ts")) as (port, _):
        assert_nothing_is_opened(tandem, world, treasure, f"http://{OUTSIDE}:{port}/x.m3u8")


def test_nor_for_a_key(tandem, world, treasure):
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="http://{INSIDE}:{treasure[0]}/key"\n'
    with server(lambda line: playlist("x.ts", key) if "m3u8" in line else page(bytes(188 * 20))) as (port, _):
        assert_nothing_is_opened(tandem, world, treasure, f"http://{OUTSIDE}:{port}/x.m3u8")


def test_a_name_with_addresses_on_both_sides_does_not_lie_inside(tandem, world, treasure):
    with server(lambda _: playlist(f"http://{INSIDE}:{treasure[0]}/x.ts")) as (port, _):
        assert_nothing_is_opened(tandem, world, treasure, f"http://both.example:{port}/x.m3u8")


@pytest.mark.parametrize("host", [OUTSIDE, "outside.example"])
def test_a_playlist_from_outside_opens_what_is_outside(tandem, world, treasure, host):
    with server(lambda _: playlist(f"http://{host}:{treasure[0]}/x.ts")) as (port, _):
        done = inspect(tandem, world, f"http://{OUTSIDE}:{port}/x.m3u8")
    assert done.returncode == 0, done.stderr
    assert treasure[1][0] == "GET /x.ts HTTP/1.1"


# MARK: Names


def test_a_name_that_turns_between_question_and_connection_leads_nowhere_inside(tandem, world, treasure):
    with server(lambda _: playlist(f"http://turning.example:{treasure[0]}/x.ts")) as (port, _):
        assert_nothing_is_opened(tandem, world, treasure, f"http://{OUTSIDE}:{port}/x.m3u8")


def test_the_users_proxy_may_lie_inside(tandem, world):
    with server(lambda _: playlist("http://outside.example/x.ts")) as (port, heard):
        proxied = world | {"http_proxy": f"http://localhost:{port}"}
        inspect(tandem, proxied, "http://nowhere.example/x.m3u8")
    asked = [line.split()[1].replace(":80/", "/") for line in heard]
    assert asked[:2] == ["http://nowhere.example/x.m3u8", "http://outside.example/x.ts"]
