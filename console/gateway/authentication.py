"""Who calls: SigV4 as a DRF authentication class, and as a function for the views of the hot path."""

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from console.gateway import calls, sigv4
from console.gateway.errors import BodyTooLarge, ExpiredToken, MissingToken, UnknownKey
from console.gateway.sigv4 import Signature, SignedRequest
from console.gateway.wire import catalogue
from console.gateway.wire.table import protocol
from functions.access import credentials, role_policies
from functions.access.caller import Caller
from functions.execution import sessions
from functions.execution.forwarder import MARK

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
OPEN_PRESET = "admin"  # an open server asks nobody who he is
UNKNOWN_KEY = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"
FORWARDED = sigv4.environ_key(MARK)


class SigV4Authentication(BaseAuthentication):
    """`request.user` stays None: who calls is `request.auth`, a `Caller`."""

    def authenticate(self, request: Request) -> tuple[None, Caller]:
        call: calls.Call = request._request.call  # type: ignore[attr-defined]
        service = call.service.signing_name if call.service else call.signing_name
        try:
            return None, authenticate(request._request, service)
        except BodyTooLarge as error:
            raise BodyTooLarge(f"{error}{_for_operation(call)}") from None

    def authenticate_header(self, request: Request) -> str:
        return sigv4.ALGORITHM


def authenticate(
    request: HttpRequest, service: str, *, limit: int = calls.MAX_BODY, unsigned_payload: bool = False
) -> Caller:
    """The caller of a signed request. Raises the errors that AWS gives for each way to be wrong.

    The body, of at most `limit` bytes, is read only when the key is known.
    """
    environ: dict[str, Any] = request.META
    signature = claimed(environ)
    if settings.HEARTH_OPEN and not signature.presigned and FORWARDED not in environ:
        calls.read_body(request, limit)
        return _anybody(signature)
    sigv4.verify_scope(signature, service=service, regions=_regions(service))
    sigv4.verify_time(signature)
    secret, caller = _signer(signature)
    body = calls.read_body(request, limit)
    signed = SignedRequest(
        str(request.method),
        calls.paths(request, catalogue.by_signing_name(service)),
        environ.get("QUERY_STRING", ""),
        environ,
        body,
    )
    sigv4.verify(signature, secret, signed, unsigned_payload=unsigned_payload)
    if not caller.role:
        credentials.note_use(caller.access_key_id)
    return caller


def _signer(signature: Signature) -> tuple[str, Caller]:
    """The secret that the request must be signed with, and whose it is. Raises UnknownKey or ExpiredToken."""
    if signature.access_key_id.startswith(sessions.PREFIX):
        return _session(signature)
    key = credentials.find(signature.access_key_id)
    if key is None:
        raise UnknownKey(UNKNOWN_KEY)
    region: str = settings.HEARTH_REGION
    return key.secret, Caller(key.account_id, region, key.user_id, key.user_name, "api", key.access_key_id, key.preset)


def _session(signature: Signature) -> tuple[str, Caller]:
    """Temporary credentials of a role. They end with the role, too."""
    key: bytes = settings.HEARTH_SESSION_KEY
    try:
        session = sessions.read(key, signature.access_key_id, signature.token)
    except sessions.InvalidSession:
        raise UnknownKey(UNKNOWN_KEY) from None
    except sessions.ExpiredSession:
        raise ExpiredToken(EXPIRED) from None
    if role_policies.of(session.account_id, session.role) is None:
        raise UnknownKey(UNKNOWN_KEY)
    name = f"{session.role.rpartition('/')[2]}/{session.name}"
    region: str = settings.HEARTH_REGION
    caller = Caller(session.account_id, region, None, name, "api", signature.access_key_id, role=session.role)
    return sessions.secret(key, signature.token), caller


def _for_operation(call: calls.Call) -> str:
    """Only where the path or a header names it: the body was not read."""
    if call.service is None or call.protocol == "query":
        return ""
    operation, _ = protocol(call.protocol).operation(call, call.service)
    return f" for the {operation.name} operation"


def claimed(environ: dict[str, Any]) -> Signature:
    authorization: str = environ.get("HTTP_AUTHORIZATION", "")
    if authorization:
        return sigv4.from_header(authorization, environ)
    query: str = environ.get("QUERY_STRING", "")
    if "X-Amz-Signature=" in query or "X-Amz-Algorithm=" in query:
        return sigv4.from_query(query)
    raise MissingToken("Missing Authentication Token")


def _regions(service: str) -> Iterable[str]:
    here: str = settings.HEARTH_REGION
    return (here, "us-east-1") if service in catalogue.GLOBAL else (here,)


def _anybody(signature: Signature) -> Caller:
    """HEARTH_OPEN: any key will do. It must still be a header, which no foreign web page can make a browser send."""
    region = signature.region if REGION.fullmatch(signature.region) else settings.HEARTH_REGION
    return Caller(settings.HEARTH_ACCOUNT_ID, region, None, "open", "api", signature.access_key_id, OPEN_PRESET)
