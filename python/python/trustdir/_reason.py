"""Why a decision came out as it did."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a certificate was admitted or refused; each member equals its code as text.

    Example:
        >>> from trustdir import Reason
        >>> Reason.NOT_INSTALLED == "NOT_INSTALLED"
        True
    """

    ADMITTED = "ADMITTED"
    """The certificate is in the directory and in order."""
    ANONYMOUS = "ANONYMOUS"
    """No certificate was presented, and none was required."""
    NO_CERTIFICATE = "NO_CERTIFICATE"
    """No certificate was presented, although one is required."""
    NOT_INSTALLED = "NOT_INSTALLED"
    """The certificate is not in the directory."""
    REMOVED = "REMOVED"
    """The certificate was in the directory and has been removed."""
    MINTED_BY_PIN = "MINTED_BY_PIN"
    """An installed certificate signed this one; an entry admits only itself."""
    SAME_NAME_OTHER_KEY = "SAME_NAME_OTHER_KEY"
    """An installed certificate has this subject, with another key."""
    MALFORMED = "MALFORMED"
    """What was presented is not a certificate."""
    EXPIRED = "EXPIRED"
    """The certificate has expired, or the limit that the directory sets to it has passed."""
    NOT_YET_VALID = "NOT_YET_VALID"
    """The certificate is not valid yet."""
    WRONG_PURPOSE = "WRONG_PURPOSE"
    """The certificate is not for clients."""
    WEAK_KEY = "WEAK_KEY"
    """The key is too short, or of a kind that is no longer safe."""
    BAD_SIGNATURE = "BAD_SIGNATURE"
    """The client did not prove that it holds the key."""
    SCOPE = "SCOPE"
    """The entry is limited to other services, or the directory's limits cannot be read."""
    UNTRUSTED_ISSUER = "UNTRUSTED_ISSUER"
    """No authority vouches for the certificate."""
    REVOKED_BY_CRL = "REVOKED_BY_CRL"
    """An authority has revoked the certificate, or an intermediate one above it."""
    STALE_CRL = "STALE_CRL"
    """An authority's revocation list is out of date."""
    NAME_MISMATCH = "NAME_MISMATCH"
    """The server's certificate does not bear the name that was connected to."""


Reason.__module__ = "trustdir"  # where it is imported from
