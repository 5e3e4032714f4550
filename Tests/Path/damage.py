"""Damages MPEG transport streams one bit at a time, where it hurts: in the stamps."""

from typing import NamedTuple

PACKET = 188


class Stamp(NamedTuple):
    """A presentation stamp in a PES header."""

    offset: int
    """Byte offset of its five bytes in the file."""
    is_video: bool
    value: int


def pes_stamps(stream: bytes) -> list[Stamp]:
    """Every presentation stamp in the order of the file."""
    found = (_stamp(stream, start) for start in range(0, len(stream) - PACKET + 1, PACKET))
    return [stamp for stamp in found if stamp]


def _stamp(stream: bytes, start: int) -> Stamp | None:
    packet = stream[start : start + PACKET]
    begins_unit, has_adaptation = packet[1] & 0x40, packet[3] & 0x20
    at = 4 + (1 + packet[4] if has_adaptation else 0)
    header = packet[at : at + 14]
    if not begins_unit or len(header) < 14 or header[:3] != b"\0\0\1" or not header[7] & 0x80:
        return None
    return Stamp(start + at + 9, header[3] & 0xF0 == 0xE0, _value(header[9:14]))


def _value(b: bytes) -> int:
    return (b[0] >> 1 & 7) << 30 | b[1] << 22 | b[2] >> 1 << 15 | b[3] << 7 | b[4] >> 1


def flip(stream: bytes, stamp: Stamp, bit: int) -> bytes:
    """The stream with one bit (0…32, 0 the least) of a stamp flipped; marker bits stay."""
    byte, place = _place(bit)
    changed = bytearray(stream)
    changed[stamp.offset + byte] ^= 1 << place
    assert _value(changed[stamp.offset : stamp.offset + 5]) == stamp.value ^ 1 << bit
    return bytes(changed)


def _place(bit: int) -> tuple[int, int]:
    """Byte and bit of the five bytes where a bit of the stamp lies: 3 + 8 + 7 + 8 + 7 bits."""
    if bit < 7:
        return 4, bit + 1
    if bit < 15:
        return 3, bit - 7
    if bit < 22:
        return 2, bit - 15 + 1
    if bit < 30:
        return 1, bit - 22
    return 0, bit - 30 + 1
