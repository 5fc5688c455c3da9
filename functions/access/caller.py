"""Who makes a call: the same for the AWS API and the pages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller in one account and region. `via` is `api`, `console` or `system`.

    `preset` is what the caller is in the account (`functions.access.presets`); empty allows nothing.
    """

    account_id: str
    region: str
    user_id: int | None
    user_name: str
    via: str
    access_key_id: str = ""
    preset: str = ""

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:user/{self.user_name}"
