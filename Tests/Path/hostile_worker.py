#!/usr/bin/env python3
"""A decoder that is none: speaks over the seam as $HOSTILE says, on descriptor 3."""

import os
import socket
import struct
import sys
import time

#: In flicks.
SECOND = 705_600_000

seam = socket.socket(fileno=3)


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode()


def send(content: bytes) -> None:
    seam.sendall(struct.pack("<I", len(content)) + content)


version, manner = os.environ["HOSTILE_VERSION"], os.environ["HOSTILE"]
if manner == "silent":
    time.sleep(600)
if manner == "other version":
    version = "0.0.0"
def opened(label: str, slot: bytes) -> bytes:
    """The marks with which a source of one track begins."""
    info = text(label) + text("mpegts") + struct.pack("<II", 0, 1) + slot + b"\0\0\1"
    epoch = struct.pack("<i", 0) + text("start") + struct.pack("<q", 0) + b"\0" + struct.pack("<qq", 1, 1) + b"\1"
    return b"\2\0" + info + b"\2\1" + epoch


def covered(slot: bytes, end: int) -> bytes:
    """Content of epoch 0 up to there."""
    return slot + struct.pack("<iqqBqqqBq", 0, 0, end, 0, 1, 1, 0, 0, SECOND // 16_000)


def items(count: int, content: bytes) -> None:
    send(b"\1" + struct.pack("<I", count) + content)


send(b"\0" + text(version) + text("5.1"))
seam.recv(1)  # the order
if manner == "dies":
    os.kill(os.getpid(), 11)
elif manner == "endless length":
    seam.sendall(b"\xff\xff\xff\x7f")
elif manner == "garbage":
    send(os.urandom(1000))
elif manner == "picture outside":
    place = struct.pack("<Bq", 1, 1 << 40)
    picture = text("video") + struct.pack("<qiqfqq", 0, 0, 0, 1.0, 64, 64) + place
    send(b"\1" + struct.pack("<I", 1) + b"\1" + picture)
elif manner == "second hello":
    send(b"\0" + text(version) + text("5.1"))
elif manner == "computes":
    while True:
        pass
elif manner == "runs ahead":  # days in each message, of a live source called cam
    video = text("video") + struct.pack("<q", 0)
    items(2, opened("cam", video))
    for days in range(1, 9):
        items(1, b"\2\5" + video + struct.pack("<q", days * 86_400 * SECOND))
elif manner.startswith("strange sound"):  # 7 s of a file, of which no encoder takes what begins at 4 s
    label, sound = "clips/a.mp4", text("audio") + struct.pack("<q", 0)
    items(3, opened(label, sound) + b"\2\5" + sound + struct.pack("<q", 4 * SECOND))
    strange = sound + struct.pack("<iqqI", 0, 4 * 12345, 12345, 1) + struct.pack("<f", 0)
    end = struct.pack("<iq", 0, 7 * SECOND)
    outcome = text(label) + b"\0" + struct.pack("<I", 0) + b"\0"
    if manner.endswith("first"):  # what comes after it comes when that is known
        items(2, b"\0" + strange + b"\2\2" + covered(sound, 5 * SECOND))
        time.sleep(0.5)
        items(2, b"\2\6" + end + b"\2\7" + outcome)
    else:
        items(3, b"\0" + strange + b"\2\6" + end + b"\2\7" + outcome)
        send(b"\3")
elif manner == "another epoch":  # a second of a live source called cam, then a picture of no epoch that is open
    video = text("video") + struct.pack("<q", 0)
    items(2, opened("cam", video))
    items(1, b"\2\2" + covered(video, SECOND))
    items(1, b"\1" + text("video") + struct.pack("<qiqfqqBq", 0, 9, 0, 1.0, 2, 2, 1, 0))
elif manner == "flood":
    while True:
        send(b"\3")
sys.exit(0) if manner == "leaves" else time.sleep(600)
