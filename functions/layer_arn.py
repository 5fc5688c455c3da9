"""Names and ARNs of layers and their versions.

my-layer    arn:aws:lambda:us-east-1:123456789012:layer:my-layer    arn:...:layer:my-layer:3
"""

from dataclasses import dataclass

from functions.access.caller import Caller
from functions.errors import InvalidParameterValueException


@dataclass(frozen=True, slots=True)
class LayerReference:
    """A layer, and perhaps a version of it (0: none). Says nothing about whether it exists."""

    account_id: str
    region: str
    name: str
    number: int = 0

    @property
    def layer_arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account_id}:layer:{self.name}"

    @property
    def arn(self) -> str:
        return f"{self.layer_arn}:{self.number}" if self.number else self.layer_arn


def parse(value: str, caller: Caller, number: int | None = None) -> LayerReference:
    """The layer that a name or ARN means for `caller`; the service model's pattern was checked before.

    Raises InvalidParameterValueException for a `number` below 1.
    """
    if number is not None and number < 1:
        raise InvalidParameterValueException("Layer Version Cannot be less than 1", field="VersionNumber")
    if not value.startswith("arn:"):
        return LayerReference(caller.account_id, caller.region, value, number or 0)
    _, _, _, region, account_id, _, name, *version = value.split(":")
    return LayerReference(account_id, region, name, number or int("".join(version) or 0))
