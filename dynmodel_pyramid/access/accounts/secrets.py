"""Random secrets. Only SHA-256 digests are stored: a secret of 256 random bits cannot be guessed from its digest.

A token is ``dyn_``, 43 characters of the secret in base64url (RFC 4648, section 5), and 6 of a checksum. The prefix
lets scanners of secrets find tokens; the checksum refuses typing errors without a query:
``dyn_[A-Za-z0-9_-]{49}``.
"""

import base64
import hashlib
import re
import secrets
import zlib

PREFIX = "dyn_"
_TOKEN = re.compile(r"dyn_[A-Za-z0-9_-]{49}")
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    start = PREFIX + secrets.token_urlsafe(32)
    return start + _checksum(start)


def new_session() -> str:
    return secrets.token_urlsafe(32)


def is_token(secret: str) -> bool:
    """Whether a text may be a token."""
    return _TOKEN.fullmatch(secret) is not None and _checksum(secret[:-6]) == secret[-6:]


def is_session(secret: str) -> bool:
    """Whether a text may be the secret of a session."""
    return _SESSION.fullmatch(secret) is not None


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(text: str) -> str:
    return base64.urlsafe_b64encode(zlib.crc32(text.encode()).to_bytes(4)).decode().rstrip("=")
