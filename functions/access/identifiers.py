"""Identifiers as IAM makes them: a prefix that says what it is, and letters and digits.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
"""

import secrets
import string

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SECRET_ALPHABET = string.ascii_letters + string.digits + "+/"


def unique_id(prefix: str) -> str:
    """`AROA`, `ANPA`, `AKIA`, ... and 17 characters at random (AKIA: 16, which makes 20 in all)."""
    length = 16 if prefix == "AKIA" else 17
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))


def secret_key() -> str:
    return "".join(secrets.choice(SECRET_ALPHABET) for _ in range(40))


def password() -> str:
    """Four groups of five letters and digits without look-alikes: some 97 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def user_id(number: int) -> str:
    """A user's AIDA id: the same for ever, since it is made from the row's number."""
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = ALPHABET[digit] + digits
    return "AIDA" + digits.rjust(17, "A")
