"""Takes Matroska files apart and puts them together wrongly: elements of EBML (RFC 8794)."""

import struct

SEGMENT, INFO, CLUSTER, TRACKS, TRACK = 0x18538067, 0x1549A966, 0x1F43B675, 0x1654AE6B, 0xAE
SCALE, DURATION, CLUSTER_TIME = 0x2AD7B1, 0x4489, 0xE7
DEFAULT_DURATION, CODEC_DELAY, SEEK_PRE_ROLL = 0x23E383, 0x56AA, 0x56BB
MASTERS = {SEGMENT, INFO, CLUSTER, TRACKS, TRACK}
#: SeekHead, Cues, Void, CRC-32: places and sums that no longer fit
LEFT_OUT = {0x114D9B74, 0x1C53BB6B, 0xEC, 0xBF}


def element(number: int, body: bytes) -> bytes:
    name = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return name + (1 << 56 | len(body)).to_bytes(8, "big") + body


def unsigned(value: int) -> bytes:
    return struct.pack(">Q", value)


def double(value: float) -> bytes:
    return struct.pack(">d", value)


def edited(data: bytes, changes: dict[int, bytes], added_to: dict[int, bytes] = {}) -> bytes:
    """The file with the bodies of some elements replaced, and elements added to some masters."""
    at, made = 0, b""
    while at < len(data):
        number, at = _number(data, at, marker=True)
        size, at = _number(data, at, marker=False)
        body = data[at : at + size]
        at += size
        if number in LEFT_OUT:
            continue
        if number in MASTERS:
            body = edited(body, changes, added_to) + added_to.get(number, b"")
        made += element(number, changes.get(number, body))
    return made


def _number(data: bytes, at: int, marker: bool) -> tuple[int, int]:
    """A number of variable length, with or without its marker bit, and where it ends."""
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    return value if marker else value & ~(1 << 7 * length), at + length
