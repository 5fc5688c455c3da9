"""Why an image cannot be used: AWS's codes for it, which a function that has failed shows as its StateReasonCode."""

from enum import StrEnum


class Code(StrEnum):
    DELETED = "ImageDeleted"
    DENIED = "ImageAccessDenied"
    INVALID = "InvalidImage"


class Unusable(Exception):
    """The image's fault, or its owner's. `str()` is a sentence for people."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


class Away(Exception):
    """Nobody knows: the registry does not answer, or this machine lacks what it takes. Another attempt may do."""


def invalid(text: str) -> Unusable:
    return Unusable(Code.INVALID, text)


def unsupported(uri: str) -> Unusable:
    """AWS's sentence."""
    return invalid(f"The image manifest, config or layer media type for the source image {uri} is not supported.")
