#!/usr/bin/env python3
"""Plays one MPEG-TS clip to many UDP ports of this machine at its own speed, and notes when each datagram left.

publisher.py CLIP NOTES PORT…: NOTES becomes doubles of CLOCK_MONOTONIC, for each port one per datagram.
"""

import array
import heapq
import socket
import sys
import time
from collections import defaultdict
from pathlib import Path

PACKET, DATAGRAM = 188, 7 * 188
TICKS = 90_000


class Clip:
    """The datagrams of a clip, when each is due, and which holds the beginning of which stamp."""

    def __init__(self, path: Path):
        data = path.read_bytes()
        self.datagrams = [data[at:at + DATAGRAM] for at in range(0, len(data), DATAGRAM)]
        #: By track, in order: (stamp, number of the datagram).
        self.stamps: dict[int, list[tuple[int, int]]] = defaultdict(list)
        reached, self.due = None, []
        for number, datagram in enumerate(self.datagrams):
            for at in range(0, len(datagram), PACKET):
                if (found := _stamps(datagram[at:at + PACKET])) is not None:
                    track, shown, decoded = found
                    self.stamps[track].append((shown, number))
                    reached = max(decoded, reached if reached is not None else decoded)
            self.due.append(reached)
        first = next(due for due in self.due if due is not None)
        self.due = [((first if due is None else due) - first) / TICKS for due in self.due]


def _stamps(packet: bytes) -> tuple[int, int, int] | None:
    """Track, and when a picture or sound that begins here is shown and decoded; None where nothing begins."""
    if not packet[1] & 0x40 or not packet[3] & 0x10:
        return None
    head = packet[5 + packet[4] if packet[3] & 0x20 else 4:]
    if head[:3] != b"\0\0\1" or not head[7] & 0x80:
        return None
    shown = _stamp(head[9:14])
    return (packet[1] & 0x1F) << 8 | packet[2], shown, _stamp(head[14:19]) if head[7] & 0x40 else shown


def _stamp(field: bytes) -> int:
    return (field[0] >> 1 & 7) << 30 | field[1] << 22 | field[2] >> 1 << 15 | field[3] << 7 | field[4] >> 1


def main():
    clip, ports = Clip(Path(sys.argv[1])), [int(port) for port in sys.argv[3:]]
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
    for one, port in zip(sockets, ports):
        one.connect(("127.0.0.1", port))
    left = [array.array("d", bytes(8 * len(clip.due))) for _ in ports]
    # Cameras do not begin together: they are spread over a second.
    begin = time.monotonic() + 0.1
    turns = [(begin + index / len(ports), index, 0) for index in range(len(ports))]
    heapq.heapify(turns)
    while turns:
        due, index, number = turns[0]
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        # Before it is sent: what takes long afterwards is not the publisher's.
        left[index][number] = time.monotonic()
        try:
            sockets[index].send(clip.datagrams[number])
        except ConnectionRefusedError:  # of the datagram before: nobody listens just now
            pass
        if number + 1 < len(clip.due):
            step = clip.due[number + 1] - clip.due[number]
            heapq.heapreplace(turns, (due + step, index, number + 1))
        else:
            heapq.heappop(turns)
    with open(sys.argv[2], "wb") as notes:
        for one in left:
            one.tofile(notes)


if __name__ == "__main__":
    main()
