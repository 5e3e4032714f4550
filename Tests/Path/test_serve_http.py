"""The HTTP door of a running daemon: what a request may say, and that nobody who waits holds the others up."""

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import live
from daemon import Replay, serving, until
from runner import stand_in
from test_serve_faults import camera, playing


@pytest.fixture
def clips(media, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(media("beep.mp4"), folder / "a.mp4")
    return folder


def test_a_request_names_no_credential_and_ends_its_lines_as_it_likes(tandem, tmp_path):
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/door").write_text("CANARY7f3a")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    with serving(tandem, tmp_path, environment=environment) as service:
        body = {"url": "http://127.0.0.1:1/${credential:door}"}
        status, text = service.http("/v1/sources/spy", "PUT", json.dumps(body))
        assert status == 400 and b"only the configuration file may name credentials" in text
        assert service.http("/v1/sources/spy")[0] == 404
        assert service.http("/v1/sources/cam", "PUT", b"url: udp://127.0.0.1:9\r\nenabled: true\r\n")[0] == 201
        assert service.stop() == 0
        assert "CANARY" not in service.log


def test_the_daemon_answers_while_others_scan_and_wait(tandem, tmp_path, clips):
    with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service, contextlib.ExitStack() as stack:
        until(service.stored)
        for _ in range(4):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(service.http_socket))
            client.sendall(b"GET /v1/records?source=x/none&from=1:0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        statuses = []

        def change(number: int):
            for _ in range(3):
                port = live.port()
                body = f"url: udp://127.0.0.1:{port}\n"
                statuses.append(service.http(f"/v1/sources/cam-{number}", "PUT", body, timeout=60)[0])

        changes = [threading.Thread(target=change, args=(number,)) for number in range(4)]
        for thread in changes:
            thread.start()
        longest = 0.0
        while any(thread.is_alive() for thread in changes):
            for path in ("/healthz", "/metrics", "/v1/sources"):
                began = time.monotonic()
                assert service.http(path)[0] == 200
                longest = max(longest, time.monotonic() - began)
        assert longest < 2
        assert sorted(statuses) == [200] * 8 + [201] * 4
        assert service.metric("tandem_http_streams") == 4
        assert service.stop() == 0


def test_streams_leave_room_for_whoever_asks_how_the_daemon_is(tandem, tmp_path):
    with serving(tandem, tmp_path, settings={"http": {"clients": 16}}) as service, contextlib.ExitStack() as stack:

        def stream() -> http.client.HTTPResponse:
            door = stack.enter_context(contextlib.closing(service.door()))
            door.request("GET", "/v1/records", headers={"Accept": "text/event-stream"})
            return door.getresponse()

        streams = [stream() for _ in range(12)]
        assert [answer.status for answer in streams] == [200] * 12
        refused = stream()
        assert (refused.status, refused.headers["Retry-After"], refused.headers["Connection"]) == (503, "5", "close")
        assert json.loads(refused.read()) == {
            "error": "12 streams are under way, as many as http.clients (16) leaves room for"}
        # As often as one likes, by clients that would keep their connections.
        for path in ("/healthz", "/readyz") * 8:
            door = stack.enter_context(contextlib.closing(service.door()))
            door.request("GET", path)
            assert door.getresponse().read() == b"ok\n"
        assert service.metric("tandem_http_streams") == 12
        assert service.metric("tandem_http_refused_total", reason="streams") == 1
        assert service.metric("tandem_http_refused_total", reason="full") == 0
        streams.pop().fp.raw._sock.shutdown(socket.SHUT_RDWR)
        until(lambda: stream().status == 200)
        assert service.stop() == 0


def first_of(answer: http.client.HTTPResponse, mark: bytes) -> str:
    """The first line behind the head of a stream of events that begins so, without the mark."""
    while line := answer.readline():
        if line.startswith(mark):
            return line[len(mark):].decode().strip()
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("position", ["", "&from=1:0"], ids=["live", "kept"])
def test_who_hears_nothing_of_many_records_has_their_position_all_the_same(tandem, media, tmp_path, position):
    port = live.port()
    sources = {"loud": camera(port), "quiet": camera(live.port())}
    with serving(tandem, tmp_path, sources) as service, playing(media, port):
        until(lambda: service.source("loud")["windows"] >= 4)
        before = service.source("loud")["position"]
        with contextlib.closing(service.door(timeout=20)) as door:
            door.request("GET", f"/v1/records?source=quiet{position}", headers={"Accept": "text/event-stream"})
            answer = door.getresponse()
            first_of(answer, b"id: ")
            later = first_of(answer, b"id: ")
        assert [int(part) for part in later.split(":")] > [int(part) for part in before.split(":")]
        with contextlib.closing(service.door()) as door:
            door.request("GET", "/v1/records", headers={"Accept": "text/event-stream", "Last-Event-ID": later})
            assert door.getresponse().status == 200


def test_a_position_behind_all_that_was_stored_is_none(tandem, tmp_path, clips):
    with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service:
        until(lambda: service.metric("tandem_finished_files") == 1)
        status, words = service.http("/v1/records?from=1:99999999")
        assert status == 410 and b"1:99999999 is no position of this store" in words
        end = service.source("clips")["position"]
        with contextlib.closing(service.door()) as door:
            door.request("GET", f"/v1/records?from={end}")
            assert door.getresponse().status == 200


def test_addresses_are_shown_without_what_may_be_secret(tandem, media, tmp_path):
    secret = "CANARY7f3a"
    addresses = {
        "rtsp": "rtsp://127.0.0.1:1/user=adm&password={}&channel=1", "rtmp": "rtmp://127.0.0.1:1/live/{}",
        "http": "http://127.0.0.1:1/{}.m3u8", "srt": "srt://127.0.0.1:1?passphrase={}",
    }
    sources = {name: {"url": address.format(secret)} for name, address in addresses.items()}
    with serving(tandem, tmp_path, sources | {"file": {"url": media("beep.mp4")}}) as service:
        until(lambda: all(service.source(name)["last_error"] for name in addresses))
        for name in addresses:
            assert service.source(name)["url"] == f"{name}://127.0.0.1:1/…"
        assert service.source("file")["url"] == str(media("beep.mp4"))
        for path in ("/v1/sources", "/readyz", "/metrics"):
            assert secret not in service.http(path)[1].decode()
        for process in service.workers():
            assert secret.encode() not in Path(f"/proc/{process}/cmdline").read_bytes()
        assert service.stop() == 0
        assert secret not in service.log


def test_a_scheme_may_be_written_in_great_letters(tandem, media, tmp_path):
    with live.serving(media("beep.ts").parent) as address, serving(tandem, tmp_path) as service:
        body = f"url: {address.replace('http', 'HTTP')}/beep.ts".encode()
        assert service.http("/v1/sources/web", "PUT", body)[0] == 201
        assert service.http("/v1/sources/file", "PUT", f"url: FILE://{media('beep.ts')}".encode())[0] == 201
        until(lambda: all(service.source(name)["windows"] for name in ("web", "file")))


def test_a_source_that_is_put_as_it_is_does_not_change(tandem, tmp_path):
    with serving(tandem, tmp_path) as service:
        body = camera(live.port())["url"]
        answers = [service.http("/v1/sources/cam", "PUT", f"url: {body}".encode()) for _ in range(3)]
        assert [status for status, _ in answers] == [201, 200, 200]
        assert "cam: added by HTTP" in service.log
        assert "cam: changed by HTTP" not in service.log


def test_no_more_sources_than_may_be_are_put_at_once(tandem, tmp_path):
    with serving(tandem, tmp_path, settings={"limits": {"sources": 3}}) as service:
        statuses = []

        def put(number: int):
            body = b"{url: /nowhere, enabled: false}"
            statuses.append(service.http(f"/v1/sources/s{number}", "PUT", body)[0])

        threads = [threading.Thread(target=put, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [201] * 3 + [409] * 29
        assert len(json.loads(service.http("/v1/sources")[1])) == 3


def test_who_follows_a_source_that_does_not_end_waits_without_a_thread_and_only_the_last(tandem, media, tmp_path):
    far = tmp_path / "far"
    hung = stand_in("hung_disk", tmp_path)
    with serving(tandem, tmp_path, environment={"LD_PRELOAD": str(hung), "HUNG": str(far)}) as service:
        assert service.http("/v1/sources/a", "PUT", f"url: {far}/x.mp4".encode())[0] == 201
        threads = Path(f"/proc/{service.pid}/task")
        before = len(list(threads.iterdir()))
        for number in range(40):
            assert service.http("/v1/sources/a", "PUT", f"url: {far}/{number}.mp4".encode())[0] == 200
        assert len(list(threads.iterdir())) < before + 10
        assert service.source("a")["state"] == "starting"
        assert service.http("/v1/sources/b", "PUT", f"url: {media('beep.mp4')}".encode())[0] == 201
        until(lambda: service.source("b")["windows"])
        for _ in range(20):  # one that ends is followed at once
            port = live.port()
            assert service.http("/v1/sources/b", "PUT", f"url: udp://127.0.0.1:{port}".encode())[0] == 200
        until(lambda: service.source("b")["state"] == "connecting")


def raw(service, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """The last of what comes back until the daemon hangs up: status, fields, content."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(service.http_socket))
        client.sendall(request)
        text = b"".join(iter(lambda: client.recv(1 << 16), b""))
    head, _, content = text[text.rindex(b"HTTP/1.1 "):].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines)
    assert int(fields["content-length"]) == len(content)
    return int(first.split()[1]), fields, content


@pytest.mark.parametrize(
    ("request_bytes", "status", "words"),
    [
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414,
         "more than 16384 bytes in its first line"),
        (b"GET /" + b"x" * 200_000, 414, "more than 16384 bytes in its first line"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431,
         "more than 16384 bytes or 64 fields in its head"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431,
         "more than 16384 bytes or 64 fields in its head"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 431,
         "more than 16384 bytes or 64 fields in its head"),
        (b"PUT /v1/sources/cam HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", 413,
         "more than 65536 bytes"),
        (b"\x00\x01hello\r\n\r\n", 400, "a head that is none of HTTP/1.1"),
    ],
    ids=["line", "endless line", "field", "fields", "second request", "body", "garbage"],
)
def test_what_is_over_a_limit_is_told_in_a_line(tandem, http_service, request_bytes, status, words):
    before = http_service.metric("tandem_http_refused_total", reason="head")
    told, fields, content = raw(http_service, request_bytes)
    assert (told, json.loads(content)) == (status, {"error": words})
    assert content.endswith(b"}\n")
    assert (fields["content-type"], fields["connection"]) == ("application/json", "close")
    assert http_service.metric("tandem_http_refused_total", reason="head") == before + (status != 413)


@pytest.fixture(scope="module")
def http_service(tandem, tmp_path_factory):
    with serving(tandem, tmp_path_factory.mktemp("limits")) as service:
        yield service


def test_damage_at_the_beginning_of_a_replay_is_said_instead_of_records(tandem, tmp_path, clips):
    with serving(tandem, tmp_path, {"clips": {"url": clips}}) as service:
        until(service.stored)
        segment = service.state / "records/000000000001.arrows"
        size = segment.stat().st_size
        with segment.open("r+b") as file:
            file.write(bytes(size))
        with contextlib.closing(Replay(service)) as replay:
            told = until(lambda: replay.rows)[0]
        assert (told["source"], told["status"], told["window"]) == ("", "dropped", None)
        assert service.http("/v1/records?from=here")[0] == 400
        assert service.log.count("damaged") <= 2, service.log
        assert service.stop() == 0


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="systemd-socket-activate is not here")
def test_a_port_of_the_service_manager_is_not_served_without_a_token(tandem, tmp_path):
    port = live.port()
    activate = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "--fdname=http", "-E", "PATH"]
    with serving(tandem, tmp_path, prefix=activate, is_ready=False) as service:
        def connects():
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=1)

        with contextlib.closing(until(connects)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                service.process.wait(timeout=10)
        assert service.process.returncode == 78
        assert "a token, and there is none" in service.log
