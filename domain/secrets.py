"""The hash of a secret: of session cookies and of the tokens in links."""

from hashlib import sha256


def hash_of(secret: str) -> str:
    """SHA-256 in hex. No salt and no stretching: the secret is 256 random bits, not a password."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
