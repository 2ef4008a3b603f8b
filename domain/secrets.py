"""The hash of a secret: of a session cookie, or of the token in a link."""

from hashlib import sha256


def hash_of(secret: str) -> str:
    """SHA-256 in hex. A secret has 256 random bits, so it needs no salt and no slow hash."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
