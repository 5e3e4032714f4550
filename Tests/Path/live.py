"""Live sources on loopback: ffmpeg publishes, the program listens."""

import contextlib
import functools
import http.server
import itertools
import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

FFMPEG = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
#: Sound and flash begin at 1, 3, 5 … s; a key frame every second.
PICTURE = "color=black:s=320x240:r=25:d={0},drawbox=c=white:t=fill:enable='lt(mod(n+25,50),2)'"
SOUND = "aevalsrc=exprs='0.8*cos(2*PI*1000*n/48000)*lt(mod(n+48000,96000),3840)':s=48000:d={0}"
#: The same over a tone, so that every moment of the sound tells where it belongs.
HUMMING = SOUND.replace("3840)'", "3840)+0.1*sin(2*PI*300*n/48000)'")
#: No frame is ever reused by another run's port.
_ports = itertools.count(20_000 + os.getpid() * 97 % 30_000, 4)


def port() -> int:
    """A free even port, with three free ones behind it (RTP and RTCP of two tracks)."""
    for first in _ports:
        first += first % 2
        with contextlib.ExitStack() as stack:
            try:
                for number in range(first, first + 4):
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
                        probe.bind(("127.0.0.1", number))
            except OSError:
                continue
        return first
    raise AssertionError("no free port")


def make_clip(path: Path, seconds: int, sound: str = SOUND) -> Path:
    """H.264 without B-frames at constant rate, AAC."""
    video = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "25", "-threads", "1"]
    rate = ["-b:v", "400k", "-minrate", "400k", "-maxrate", "400k", "-bufsize", "400k", "-nal-hrd", "cbr"]
    inputs = ["-f", "lavfi", "-i", PICTURE.format(seconds), "-f", "lavfi", "-i", sound.format(seconds)]
    subprocess.run([*FFMPEG, *inputs, *video, *rate, "-c:a", "aac", "-shortest", path], check=True)
    return path


class Way(NamedTuple):
    """A protocol: our address, how we are told to open it, and what the publisher writes to."""

    address: str
    live: str
    target: list[str]
    #: Has no end of its own: the program gives up after a silence.
    is_endless: bool = False


def way(name: str) -> Way:
    at = port()
    address = f"127.0.0.1:{at}"
    ts = ["-f", "mpegts", "-muxdelay", "0", "-muxpreload", "0"]
    rtsp = f"rtsp://{address}/x"
    return {
        "udp": lambda: Way(f"udp://{address}", "", [*ts, f"udp://{address}?pkt_size=1316"], True),
        "rtp": lambda: Way(f"rtp://{address}", "", ["-f", "rtp_mpegts", f"rtp://{address}"], True),
        "tcp": lambda: Way(f"tcp://{address}", "listen", [*ts, f"tcp://{address}"]),
        "srt": lambda: Way(f"srt://{address}", "listen", [*ts, f"srt://{address}"]),
        "rtmp": lambda: Way(f"rtmp://{address}/live/x", "listen", ["-f", "flv", f"rtmp://{address}/live/x"]),
        "rtsp-tcp": lambda: Way(rtsp, "listen,tcp", ["-f", "rtsp", "-rtsp_transport", "tcp", rtsp]),
        "rtsp-udp": lambda: Way(rtsp, "listen,udp", ["-f", "rtsp", "-rtsp_transport", "udp", rtsp]),
    }[name]()


def publish(clip: Path, target: list) -> subprocess.Popen:
    """Plays a clip at its own speed."""
    command = [*FFMPEG, "-re", "-i", clip, "-c", "copy", *target]
    return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)


@contextlib.contextmanager
def publishing(clip: Path, target: list):
    process = publish(clip, target)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def rtp(port: int, description: Path) -> list:
    """What a publisher writes to: picture and sound as RTP of their own, and what tells a receiver about them."""
    # Else each of the two outputs would shift its first stamp to zero, sound's priming among them.
    copy = ["-c", "copy", "-avoid_negative_ts", "disabled", "-f", "rtp"]
    tracks = ["-map", "0:v", *copy, f"rtp://127.0.0.1:{port}", "-map", "0:a", *copy, f"rtp://127.0.0.1:{port + 2}"]
    return [*tracks, "-sdp_file", description]


def await_listener(address: str) -> None:
    """Until somebody listens on the port of an address: a connection would be taken for the publisher's."""
    number = int(address.split("//")[1].split("/")[0].split(":")[1])
    wanted = f":{number:04X} "
    for _ in range(200):
        tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "udp")]
        if any(wanted in line.split(maxsplit=1)[1][:30] for table in tables for line in table.splitlines()[1:]):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens at {address}")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(folder: Path):
    """A folder by HTTP; gives its address."""
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def misbehaving(serve):
    """A server that answers every connection by `serve(connection)`; gives its address."""

    def attend(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            serve(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=attend, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x.ts"
        server.shutdown(socket.SHUT_RDWR)
