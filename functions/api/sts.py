"""GetCallerIdentity."""

from typing import Any

from functions.access.caller import Caller
from functions.access.decision import session_id
from functions.access.identifiers import user_id


def get_caller_identity(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    if caller.role:
        return {"UserId": session_id(caller), "Account": caller.account_id, "Arn": caller.arn}
    if caller.user_id is None:  # an open server: whoever it is, is the account itself
        return {
            "UserId": caller.account_id,
            "Account": caller.account_id,
            "Arn": f"arn:aws:iam::{caller.account_id}:root",
        }
    return {"UserId": user_id(caller.user_id), "Account": caller.account_id, "Arn": caller.arn}
