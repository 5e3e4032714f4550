#!/usr/bin/env python3
"""A decoder that is none: speaks over the seam as $HOSTILE says, on descriptor 3."""

import os
import socket
import struct
import sys
import time

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
    info = text("cam") + text("mpegts") + struct.pack("<II", 0, 1) + video + b"\0\0\1"
    send(b"\1" + struct.pack("<I", 1) + b"\2\0" + info)
    epoch = struct.pack("<i", 0) + text("start") + struct.pack("<q", 0) + b"\0" + struct.pack("<qq", 1, 1) + b"\1"
    send(b"\1" + struct.pack("<I", 1) + b"\2\1" + epoch)
    for days in range(1, 9):
        reached = video + struct.pack("<q", days * 86_400 * 705_600_000)
        send(b"\1" + struct.pack("<I", 1) + b"\2\5" + reached)
elif manner == "another epoch":  # a second of a live source called cam, then a picture of no epoch that is open
    video = text("video") + struct.pack("<q", 0)
    info = text("cam") + text("mpegts") + struct.pack("<II", 0, 1) + video + b"\0\0\1"
    epoch = struct.pack("<i", 0) + text("start") + struct.pack("<q", 0) + b"\0" + struct.pack("<qq", 1, 1) + b"\1"
    covered = video + struct.pack("<iqqBqqqBq", 0, 0, 705_600_000, 0, 1, 1, 0, 0, 0)
    picture = text("video") + struct.pack("<qiqfqqBq", 0, 9, 0, 1.0, 2, 2, 1, 0)
    for item in (b"\2\0" + info, b"\2\1" + epoch, b"\2\2" + covered, b"\1" + picture):
        send(b"\1" + struct.pack("<I", 1) + item)
elif manner == "flood":
    while True:
        send(b"\3")
sys.exit(0) if manner == "leaves" else time.sleep(600)
