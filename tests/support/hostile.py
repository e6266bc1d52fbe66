"""Writes certificates whose names and serial numbers are meant to disturb a log, as DIRECTORY/WHAT.der.

No signature of them is good: they are for what is decided, and said, before a signature is looked at.
"""

import sys
from pathlib import Path

CN, UTF8_STRING, T61_STRING, BMP_STRING = b"\x06\x03\x55\x04\x03", 12, 20, 30

# The type and the bytes of the common name, which is the subject's and the issuer's.
NAMES = {
    "plain": (UTF8_STRING, b"plain"),
    "control": (UTF8_STRING, b"ev\x1b[2Jil\x00\x07\x7f\r\tb"),
    "newline": (UTF8_STRING, b"mallory\nreason=ADMITTED subject=CN=alice"),
    "bidi": (UTF8_STRING, "a\u202eecila\u2066\u200d\u2028\U000e0041".encode()),
    "quotes": (UTF8_STRING, b"\"},{\"admitted\":true,\"x\":\"'\\"),
    "invalid-utf8": (UTF8_STRING, b"a\xff\xfe\xc0\x80"),
    "c1": (T61_STRING, bytes(range(0x80, 0xA0))),
    "surrogate": (BMP_STRING, b"\xd8\x00\x00\x0a"),
    "long": (UTF8_STRING, b"A\n" * 50_000),
    "serial": (UTF8_STRING, b"serial"),
}


def element(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def certificate(tag: int, name: bytes, serial: bytes) -> bytes:
    subject = element(0x30, element(0x31, element(0x30, CN, element(tag, name))))
    validity = element(0x30, element(0x17, b"200101000000Z"), element(0x17, b"491231235959Z"))
    p256 = element(0x30, b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")
    key = element(0x30, p256, element(3, b"\x00\x04", bytes(64)))
    algorithm = element(0x30, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
    version = element(0xA0, element(2, b"\x02"))
    body = element(0x30, version, element(2, serial), algorithm, subject, validity, subject, key)
    return element(0x30, body, algorithm, element(3, b"\x00", name[:8]))


if __name__ == "__main__":
    for what, (tag, name) in NAMES.items():
        serial = b"\x01" * 5000 if what == "serial" else b"\x05"
        Path(sys.argv[1], what + ".der").write_bytes(certificate(tag, name, serial))
