"""Who makes a call: the same for the AWS API and the pages."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller in one account and region. `via` is `api`, `console` or `system`.

    `preset` is what the caller is in the account (`functions.access.presets`); empty allows nothing. A guest, who comes
    from another account by a resource-based policy, has his ARN for a name. The session of a role is named by the role
    and by who assumed it (`role/function`); what it may do, the policies of the role say.
    """

    account_id: str
    region: str
    user_id: int | None
    user_name: str
    via: str
    access_key_id: str = ""
    preset: str = ""
    source_ip: str = ""  # of a browser; what came as an API request has its own
    role: str = ""  # ARN of the role whose session this is
    endpoint: str = ""  # the address at which the caller reaches Hearth, where that is known

    @property
    def arn(self) -> str:
        if self.user_name.startswith("arn:"):  # a guest
            return self.user_name
        if self.role:
            return f"arn:aws:sts::{self.account_id}:assumed-role/{self.user_name}"
        return f"arn:aws:iam::{self.account_id}:user/{self.user_name}"

    def guest(self, account_id: str) -> "Caller":
        """The same caller, acting in another account."""
        return replace(self, account_id=account_id, user_name=self.arn)
