"""How what an authority has issued stands, and why it was revoked."""

from enum import StrEnum


class IssuedStatus(StrEnum):
    """How a certificate stands with its authority; each member equals its code as text.

    Example:
        >>> from trustdir import IssuedStatus
        >>> IssuedStatus.VALID == "VALID"
        True
    """

    VALID = "VALID"
    """Neither revoked nor over."""
    EXPIRED = "EXPIRED"
    """Its validity is over."""
    REVOKED = "REVOKED"
    """Revoked."""


class RevocationReason(StrEnum):
    """Why a certificate was revoked, in the words of `openssl ca`; each member equals its word as text.

    Example:
        >>> from trustdir import RevocationReason
        >>> RevocationReason.KEY_COMPROMISE
        <RevocationReason.KEY_COMPROMISE: 'keyCompromise'>
    """

    UNSPECIFIED = "unspecified"
    """No reason is given."""
    KEY_COMPROMISE = "keyCompromise"
    """Somebody else may have the private key."""
    CA_COMPROMISE = "CACompromise"
    """Somebody else may have the authority's private key."""
    AFFILIATION_CHANGED = "affiliationChanged"
    """The subject's name or relation has changed."""
    SUPERSEDED = "superseded"
    """Another certificate has taken its place."""
    CESSATION_OF_OPERATION = "cessationOfOperation"
    """It is needed no more."""
    CERTIFICATE_HOLD = "certificateHold"
    """On hold: the one reason that can be taken back."""


for _class in (IssuedStatus, RevocationReason):
    _class.__module__ = "trustdir"  # where they are imported from
