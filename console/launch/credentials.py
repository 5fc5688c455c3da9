"""`<data>/credentials.json`: the facts that a client needs, readable by this user only."""

import json
import os

from django.conf import settings

from functions.access.bootstrap import ensure_account


def ensure_credentials() -> tuple[dict[str, str], bool]:
    """The credentials of the first account, and whether the administrator was made just now.

    The address follows the settings of this start; login and keys stay what they were. A password whose file was
    deleted cannot be told again: it is empty then (`manage.py changepassword` sets another).
    """
    path = settings.HEARTH_DATA / "credentials.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    first = ensure_account(
        settings.HEARTH_ACCOUNT_ID, settings.HEARTH_REGION, password=known.get("console_password") or None
    )
    credentials = {
        "endpoint": settings.HEARTH_ENDPOINT,
        "region": settings.HEARTH_REGION,
        "account_id": first.account_id,
        "access_key_id": first.access_key_id,
        "secret_access_key": first.secret_access_key,
        "console_user": first.user_name,
        "console_password": first.password or known.get("console_password", ""),
    }
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(credentials, file, indent=2)
        file.write("\n")
    temporary.replace(path)
    return credentials, first.password is not None
