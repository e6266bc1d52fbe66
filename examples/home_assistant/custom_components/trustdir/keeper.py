"""What the component does, without Home Assistant: keeps two files fresh, and tells who is admitted."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustdir
import trustdir.export

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Keeper:
    """The house's authority, and what Home Assistant shows to its visitors.

    Attributes:
        authority: The authority's directory; it is made if there is none, and no certificate either.
        certificate: The file that `http: ssl_certificate` names.
        key: The file that `http: ssl_key` names.
        names: The host names and addresses under which Home Assistant is reached.
        clients: The directory of the clients that the house's services admit.
        passphrase: The passphrase of the authority's key, which is not encrypted without.
        days: The certificate is renewed when it ends within so many days.
    """

    authority: Path
    certificate: Path
    key: Path
    names: Sequence[str]
    clients: Path | None = None
    passphrase: str | None = None
    days: int = 30

    def open(self) -> trustdir.Authority:
        """Opens the authority, or makes it where none can have been before."""
        try:
            return trustdir.Authority.open(self.authority, passphrase=self.passphrase)
        except trustdir.NotFoundError:
            # Else a disk that is not mounted, most likely: visitors would not know another authority.
            if self.certificate.exists() or not self.authority.parent.is_dir():
                raise
        if self.passphrase is None:
            LOG.warning("the key of the authority in %s is not encrypted: there is no passphrase", self.authority)
        return trustdir.Authority.create(self.authority, name="Home", passphrase=self.passphrase)

    def refresh(self) -> bool:
        """Makes or renews the files; whether Home Assistant has to be restarted to read them.

        A renewed certificate keeps its key, so the two files fit together at any moment.
        """
        authority = self.open()
        if not self.certificate.exists() or not self.key.exists():
            made = authority.issue_server(*self.names)
            self.certificate.unlink(missing_ok=True)  # nothing can be served with it alone
            made.save(self.certificate, self.key)
            return True
        held = trustdir.Identity.load(self.certificate, self.key)
        wanted = trustdir.CertificateRequest.create(held.key, held.certificate.subject, *self.names)
        lasts = held.certificate.not_after - datetime.now(UTC) > timedelta(days=self.days)
        if lasts and set(map(str.lower, wanted.names)) == set(map(str.lower, held.certificate.names)):
            return False
        renewed = authority.sign(wanted).certificate
        chain = trustdir.export.full_chain(renewed, authority.chain)
        replace(self.certificate, b"".join(certificate.pem for certificate in chain))
        return True

    def root(self) -> bytes:
        """What phones and browsers take in, as DER."""
        return trustdir.Authority.open(self.authority, key=False).trust_anchor.der

    def list_clients(self) -> list[dict[str, str]]:
        """Who is admitted."""
        if self.clients is None:
            return []
        return [
            {
                "subject": entry.certificate.subject,
                "until": entry.certificate.not_after.isoformat(),
                "fingerprint": entry.certificate.fingerprint,
                "file": str(entry.file),
            }
            for entry in trustdir.TrustDir(self.clients)
        ]


def replace(path: Path, content: bytes) -> None:
    """Readers find the old file or the new one, and no half of either."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
