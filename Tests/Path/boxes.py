"""Takes MP4 files apart and puts them together wrongly: boxes of ISO/IEC 14496-12."""

import struct
from collections.abc import Callable

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex", b"udta"}
Edit = Callable[[bytes], bytes]


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def full(name: bytes, version: int, *parts: bytes, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def parts(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and body of each box, in order."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        found.append((name, data[at + 8 : at + size]))
        at += size
    return found


def edited(data: bytes, name: bytes, edit: Edit, only: int | None = None) -> bytes:
    """The file with every box `name`, or only number `only` of them, replaced by what `edit` makes of its body."""
    count = iter(range(1 << 20))

    def walk(data: bytes) -> bytes:
        return b"".join(one(found, body) for found, body in parts(data))

    def one(found: bytes, body: bytes) -> bytes:
        if found == name and only in (None, next(count)):
            return edit(body)
        return box(found, walk(body)) if found in CONTAINERS else box(found, body)

    changed = walk(data)
    assert changed != data, f"no box {name}"
    return changed


def patched(name: bytes, at: int, form: str, *values: int) -> Edit:
    """Writes numbers at a place of the body (0: version and flags)."""

    def edit(body: bytes) -> bytes:
        changed = bytearray(body)
        struct.pack_into(form, changed, at, *values)
        return box(name, bytes(changed))

    return edit


def edit_list(*entries: tuple[int, int], version: int = 1, count: int | None = None) -> Edit:
    """Entries of duration (movie ticks) and media time (media ticks, -1: empty)."""
    form, most = (">QQI", (1 << 64) - 1) if version else (">III", (1 << 32) - 1)
    packed = b"".join(struct.pack(form, duration & most, media & most, 1 << 16) for duration, media in entries)
    return lambda _: full(b"elst", version, struct.pack(">I", len(entries) if count is None else count), packed)


def movie_header(timescale: int, duration: int) -> Edit:
    """`mvhd` of version 1."""
    return lambda body: full(b"mvhd", 1, struct.pack(">QQIQ", 0, 0, timescale, duration), body[20:])


def media_header(timescale: int, duration: int) -> Edit:
    """`mdhd` of version 1."""
    return lambda body: full(b"mdhd", 1, struct.pack(">QQIQ", 0, 0, timescale, duration), body[20:])


def nested(name: bytes, depth: int) -> bytes:
    """A box in a box in a box …"""
    sizes = (8 * (depth - level) for level in range(depth))
    return b"".join(struct.pack(">I4s", size, name) for size in sizes)
