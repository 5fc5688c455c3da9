"""The address from which a package can be downloaded for a while: what `Code.Location` holds."""

from pathlib import Path

from django.core.signing import BadSignature, TimestampSigner

from functions.access.caller import Caller
from functions.code import store
from functions.names import endpoint

SECONDS = 600  # AWS's figure
_SALT = "hearth.package"


def location(caller: Caller, sha256: str) -> str:
    """A URL that needs no other credentials and expires, at the address that the caller has come by."""
    return f"{caller.endpoint or endpoint()}/_hearth/packages/{TimestampSigner(salt=_SALT).sign(sha256)}"


def package(token: str, seconds: int = SECONDS) -> Path | None:
    """The zip that a token gives access to; None when the token is forged, too old, or the package is gone."""
    try:
        sha256 = TimestampSigner(salt=_SALT).unsign(token, max_age=seconds)
    except BadSignature:
        return None
    path = store.zip_path(sha256)
    return path if path.exists() else None
