"""The HTTP door of a running daemon: what a request may say, and that nobody who waits holds the others up."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time

import pytest

import live
from daemon import Replay, serving, until


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
