"""`<data>/credentials.json`: the facts that a client needs, written once, readable by this user only."""

import json
import os

from django.conf import settings
from functions.access.bootstrap import ensure_account


def ensure_credentials() -> tuple[dict[str, str], bool]:
    """The credentials of the first account, and whether they were made just now.

    The address follows the settings of this start; login and keys stay what they were.
    """
    path = settings.HEARTH_DATA / "credentials.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = ensure_account(settings.HEARTH_ACCOUNT_ID, known)
    credentials = {
        "endpoint": settings.HEARTH_ENDPOINT,
        "region": settings.HEARTH_REGION,
        "account_id": settings.HEARTH_ACCOUNT_ID,
        **made,
    }
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(credentials, file, indent=2)
        file.write("\n")
    temporary.replace(path)
    return credentials, credentials["console_password"] != known.get("console_password")
