"""What devices and other programs take in: Apple's profiles, Java's truststores, bundles of PEM, and DER.

| who | what | how |
|---|---|---|
| Windows, macOS, iOS, Android, Java, Firefox | a client's key and certificates | `Identity.save_pkcs12` |
| iPhone, iPad, Mac | the authority, and an identity | `MobileConfig` |
| Android, Windows | the authority | `save_der` |
| Java | the authorities it trusts | `truststore` |
| web servers, proxies | a chain with its issuers | `full_chain`, `save_bundle` |
| curl, wget, HAProxy | certificate and key in one file | `Identity.save_bundle` |

No file is ever overwritten, and what holds a private key is readable by its owner alone from its creation.

Example:
    >>> import trustdir
    >>> ca = trustdir.Authority.create("pki", name="Home CA")
    >>> ca.issue_client("alice").save_pkcs12("alice.p12", "correct horse", authorities=[ca.trust_anchor])
    >>> trustdir.export.save_der(ca.trust_anchor, "home-ca.crt")
"""

from trustdir._trustdir import MobileConfig, full_chain, save_bundle, save_der, truststore

__all__ = ["MobileConfig", "full_chain", "save_bundle", "save_der", "truststore"]
