"""A webhook receiver behind a function URL.

The sender signs the raw body: X-Signature-256: sha256=<HMAC-SHA256 of the body with the shared secret, hexadecimal>.
"""

import base64
import hashlib
import hmac
import json
import logging
import os

log = logging.getLogger()
log.setLevel(logging.INFO)

SECRET = os.environ["WEBHOOK_SECRET"].encode()


def handler(event, context):
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if not signed(raw, headers.get("x-signature-256", "")):
        log.warning("refused a body of %s bytes: wrong signature", len(raw))
        return answer(401, {"error": "the signature does not match"})
    try:
        message = json.loads(raw)
    except ValueError:
        return answer(400, {"error": "the body is not JSON"})
    log.info("accepted %s", message.get("type", "a message") if isinstance(message, dict) else "a message")
    return answer(202, {"accepted": True})


def signed(raw, signature):
    expected = "sha256=" + hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
    # Constant time: how long it takes must not tell how much was right. Bytes, as the header may hold anything.
    return hmac.compare_digest(expected.encode(), signature.encode())


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
