"""Checks certificates as Python's `cryptography` does.

Reads lines of AUTHORITY, CERTIFICATE and HOST between tabs; answers each with a line of two fields: what
`verify_directly_issued_by` says, and what a server verifier with the authority as its only root says ("ok", or why not).
"""

import ipaddress
import sys
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store


def load(path: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(path).read_bytes())


def host(text: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def said(check) -> str:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - every refusal is an answer
        return " ".join(f"{type(error).__name__}: {error}".split())
    return "ok"


for line in sys.stdin:
    authority, certificate, name = line.rstrip("\n").split("\t")

    def issued() -> None:
        load(certificate).verify_directly_issued_by(load(authority))

    def trusted() -> None:
        verifier = PolicyBuilder().store(Store([load(authority)])).build_server_verifier(host(name))
        verifier.verify(load(certificate), [])

    print(said(issued), said(trusted), sep="\t")
