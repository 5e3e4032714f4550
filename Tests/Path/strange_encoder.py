"""An encoder for tests: `strange_encoder.py PIDS MODE [N]` behaves well but for what its mode says, at request N or always.

Its vectors are [t_ns // 10⁶, t_ns % 10⁶, id, pts]. It writes the number of every process of its own into the file PIDS.
"""

import json
import os
import signal
import sys
import time

import numpy as np

pids, mode = sys.argv[1:3]
at = int(sys.argv[3]) if len(sys.argv) > 3 else None
source, sink = sys.stdin.buffer, sys.stdout.buffer


def sign() -> int:
    """How often this has been called before, by all processes."""
    with open(pids, "a+") as file:
        file.write(f"{os.getpid()}\n")
        file.seek(0)
        return len(file.readlines()) - 1


def say(header: dict, payload: bytes = b"") -> None:
    sink.write(json.dumps(header).encode() + b"\n" + payload)
    sink.flush()


def answer(request: dict, **change) -> None:
    number = change.get("id", request["id"])
    vector = [request["t_ns"] // 10**6, request["t_ns"] % 10**6, number, request.get("pts", -1)]
    payload = np.array(change.get("vector", vector), "<f4").tobytes()
    say({"id": number, "bytes": len(payload)}, payload)


def forget() -> None:
    """Leaves a process behind that keeps all pipes."""
    if os.fork() == 0:
        sign()
        time.sleep(600)


MISDEEDS = {
    "sleep": lambda request: time.sleep(600),
    "exit": lambda request: sys.exit(3),
    "kill": lambda request: os.kill(os.getpid(), signal.SIGKILL),
    "error": lambda request: say({"id": request["id"], "error": "too dark"}),
    "nan": lambda request: answer(request, vector=[1, float("nan"), 2, 3]),
    "size": lambda request: answer(request, vector=[1, 2, 3]),
    "garbage": lambda request: (sink.write(b"\x00\x1b[31mTraceback\n"), sink.flush()),
    "endless": lambda request: [sink.write(b"x" * 4096) for _ in range(10**6)],
    "mute": lambda request: (os.close(1), time.sleep(600)),
    "fork": lambda request: (forget(), os._exit(4)),
}
HABITS = {
    "brief": lambda request: (time.sleep(0.05), answer(request)),
    "repeat": lambda request: (answer(request), answer(request)),
    "unknown": lambda request: (answer(request, id=request["id"] + 1000), answer(request)),
    "shout": lambda request: (sys.stderr.write("x" * 999 + "\n" * 99 + "y" * 500_000), answer(request)),
}

start = sign()
if mode == "start":
    sys.exit(5)
if mode == "silent":
    time.sleep(600)
if mode == "banner":
    print("loading the model", flush=True)
if mode in ("stubborn", "clinging"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
source.readline()
hello = {"protocol": "tandem-encoder/1", "name": "strange", "modality": "video", "dim": 4, "fps": 8}
if mode != "deaf":
    hello |= {"width": 8, "height": 8}
if mode in ("reorder", "batch"):
    hello |= {"max_batch": 6}
if mode == "changed" and start > 0:
    hello |= {"dim": 5}
say(hello)
if mode == "deaf":
    time.sleep(600)
waiting = []
while line := source.readline():
    request = json.loads(line)
    payload = source.read(request["bytes"])
    assert len(payload) == request["bytes"] == 3 * request["width"] * request["height"]
    misdeed = {"stubborn": "sleep", "changed": "exit", "batch": "exit"}.get(mode, mode)
    if mode == "reorder":
        waiting.append(request)
        if request["more"] == 0:
            for one in reversed(waiting):
                answer(one)
            waiting = []
    elif misdeed in MISDEEDS and at in (None, request["id"]):
        MISDEEDS[misdeed](request)
    elif mode != "batch" or request["more"] == 0:
        HABITS.get(mode, answer)(request)
if mode in ("clinging", "lingering"):
    time.sleep(600)
