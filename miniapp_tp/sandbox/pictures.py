"""Images: what an uploaded one is written in, and a blank one to answer with."""

from __future__ import annotations

import struct
import zlib
from typing import Final

_BEGINNINGS: Final = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"BM", "bmp"))


def format_of(image: bytes) -> str | None:
    """Tell the ending of the name that an image of this kind has; `None` if it is none that Baidu takes."""
    return next((ending for beginning, ending in _BEGINNINGS if image.startswith(beginning)), None)


def blank_png(width: int) -> bytes:
    """Draw a white square, one bit per pixel."""
    row = b"\x00" + b"\xff" * ((width + 7) // 8)
    header = struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * width, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
