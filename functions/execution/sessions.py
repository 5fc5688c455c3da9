"""Temporary credentials of an execution role: a session token that proves itself, so that nothing has to be kept.

The token holds what it is about and a message authentication code over that, made with a key of the installation; the
secret access key is derived from the token. Whoever has the installation's key can issue and check them: executors do
the one, the front door the other. A session ends by time only, or with its role.
Source of the forms: https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
"""

import base64
import binascii
import hmac
import json
import secrets
import time
from dataclasses import dataclass

PREFIX = "ASIA"  # of the access key ids of temporary credentials
# An environment keeps what it was given for as long as it lives: it is retired well before that ends.
LIFE_SECONDS = 12 * 3600
LONGEST_TOKEN = 2048
CODE_BYTES = 32


class InvalidSession(Exception):
    """A token that was not issued here, or not with this access key id."""


class ExpiredSession(Exception):
    """It was good once."""


@dataclass(frozen=True, slots=True)
class Session:
    """A role that was assumed: by the function of this name, in whose account it is."""

    account_id: str
    role: str  # ARN
    name: str
    expires: int  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key_id: str
    secret_access_key: str
    session_token: str


def issue(key: bytes, account_id: str, role: str, name: str, now: float | None = None) -> Credentials:
    """New credentials. Some 20 µs."""
    access_key_id = PREFIX + base64.b32encode(secrets.token_bytes(10)).decode()
    expires = int((time.time() if now is None else now) + LIFE_SECONDS)
    content = json.dumps([access_key_id, account_id, role, name, expires]).encode()
    token = base64.b64encode(_code(key, content) + content).decode()
    return Credentials(access_key_id, secret(key, token), token)


def read(key: bytes, access_key_id: str, token: str, now: float | None = None) -> Session:
    """What a token says. Raises InvalidSession or ExpiredSession."""
    if len(token) > LONGEST_TOKEN:
        raise InvalidSession
    try:
        data = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSession from None
    code, content = data[:CODE_BYTES], data[CODE_BYTES:]
    if not hmac.compare_digest(code, _code(key, content)):
        raise InvalidSession
    issued_to, account_id, role, name, expires = json.loads(content)
    if issued_to != access_key_id:
        raise InvalidSession
    if expires <= (time.time() if now is None else now):
        raise ExpiredSession
    return Session(account_id, role, name, expires)


def secret(key: bytes, token: str) -> str:
    """The secret access key that belongs to a token."""
    return base64.b64encode(hmac.digest(key, b"secret:" + token.encode(), "sha256")[:30]).decode()


def _code(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"token:" + content, "sha256")
