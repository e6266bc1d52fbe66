"""What has been negotiated, in the shapes and words of Python's `ssl`."""

import re
from datetime import datetime
from ipaddress import ip_address

from trustdir._trustdir import Certificate

_Name = tuple[tuple[tuple[str, str], ...], ...]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_NAMES = {
    "CN": "commonName",
    "SN": "surname",
    "C": "countryName",
    "L": "localityName",
    "ST": "stateOrProvinceName",
    "STREET": "streetAddress",
    "O": "organizationName",
    "OU": "organizationalUnitName",
    "GN": "givenName",
    "DC": "domainComponent",
    "UID": "userId",
}
_SORTS = {"DNS": "DNS", "IP": "IP Address", "email": "email", "URI": "URI"}


def certificate_dict(certificate: Certificate) -> dict[str, object]:
    """A certificate as `ssl.SSLSocket.getpeercert` has it, less the addresses of its issuer's services."""
    shown: dict[str, object] = {
        "subject": _name(certificate.subject),
        "issuer": _name(certificate.issuer),
        "version": certificate.version,
        "serialNumber": certificate.serial.upper(),
        "notBefore": _time(certificate.not_before),
        "notAfter": _time(certificate.not_after),
    }
    names = tuple(_alt_name(name) for name in certificate.names)
    return {**shown, "subjectAltName": names} if names else shown


def cipher(suite: str, version: str) -> tuple[str, str, int]:
    """A cipher suite as `ssl.SSLSocket.cipher` has it: OpenSSL's name, the version, the bits of the key."""
    name = suite.replace("TLS13_", "TLS_")
    if version != "TLSv1.3":
        name = name.removeprefix("TLS_").replace("_WITH_", "_").replace("POLY1305_SHA256", "POLY1305")
        name = re.sub(r"AES_(\d+)", r"AES\1", name).replace("_", "-")
    return name, version, 128 if re.search(r"AES_?128", name) else 256


def _name(text: str) -> _Name:
    """Reads RFC 4514, whose last part is the first of the certificate."""
    rdns = [[_attribute(attribute) for attribute in _split(rdn, "+")] for rdn in _split(text, ",")]
    return tuple(tuple(reversed(rdn)) for rdn in reversed(rdns))


def _split(text: str, separator: str) -> list[str]:
    return re.findall(rf"(?:\\.|[^\\{separator}])+", text)


def _attribute(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return _LONG_NAMES.get(key, key), re.sub(r"((?:\\[0-9A-F]{2})+)|\\(.)", _unescape, value)


def _unescape(escape: re.Match[str]) -> str:
    hexadecimal, character = escape.groups()
    return character or bytes.fromhex(hexadecimal.replace("\\", "")).decode(errors="replace")


def _time(time: datetime) -> str:
    return f"{_MONTHS[time.month - 1]} {time.day:2d} {time:%H:%M:%S} {time.year} GMT"


def _alt_name(text: str) -> tuple[str, str]:
    sort, _, value = text.partition(":")
    if sort == "IP" and (address := ip_address(value)).version == 6:
        value = ":".join(f"{int(group, 16):X}" for group in address.exploded.split(":"))
    return (_SORTS[sort], value) if sort in _SORTS else ("othername", "<unsupported>")
