"""The URI of an image, read: an image layout or an archive of one on this machine, or an image in a registry.

    oci:/images/greet:v1                          a directory in the OCI image layout; without a tag its only image
    oci-archive:/images/greet.tar                 a tar of such a directory (`docker save` writes one, too)
    registry.example.com:5000/team/greet:v1       a registry
    registry.example.com/greet@sha256:<hex>       the same by digest

Layouts only below the directories that the administrator has named (HEARTH_IMAGES), registries only those he has named
(HEARTH_REGISTRIES): a function may be allowed to create functions, and nothing else of the machine is its business.
"""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from django.conf import settings

from functions.code.images.refusals import Unusable, invalid

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_SUFFIX = rf"(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{DIGEST.pattern}))?"
_LAYOUT = re.compile(rf"(?P<kind>oci|oci-archive):(?P<path>/[^:@\0]*){_SUFFIX}")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REGISTRY = re.compile(rf"(?P<host>[a-z0-9][a-z0-9.-]*(?::\d{{1,5}})?)/(?P<name>{_PART}(?:/{_PART})*){_SUFFIX}")
LONGEST = 2048


class Kind(Enum):
    LAYOUT = "oci"
    ARCHIVE = "oci-archive"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class Reference:
    """`place` is a path without symlinks, or host and name in a registry. `tag` and `digest` may be empty."""

    uri: str
    kind: Kind
    place: str
    tag: str
    digest: str

    @property
    def named(self) -> str:
        """Without tag and digest, as it was written."""
        bare = self.uri.removesuffix(f"@{self.digest}") if self.digest else self.uri
        return bare.removesuffix(f":{self.tag}") if self.tag else bare

    def resolved(self, digest: str) -> str:
        return f"{self.named}@sha256:{digest}"

    @property
    def insecure(self) -> bool:
        """Whether the administrator lets this registry speak plain HTTP."""
        return self.kind is Kind.REGISTRY and settings.HEARTH_REGISTRIES[self.place.partition("/")[0]] == "http"


def parse(uri: str) -> Reference:
    """Raises Unusable for what is no URI of an image, and for places that were not named."""
    if len(uri) <= LONGEST:
        if match := _LAYOUT.fullmatch(uri):
            tag, digest = match["tag"] or "", match["digest"] or ""
            return Reference(uri, Kind(match["kind"]), _allowed(uri, match["path"]), tag, digest)
        match = _REGISTRY.fullmatch(uri)
        if match and (match["tag"] or match["digest"]):
            if match["host"] not in settings.HEARTH_REGISTRIES:
                raise _not_valid(uri, f" {match['host']} is none of the registries that HEARTH_REGISTRIES names.")
            place = f"{match['host']}/{match['name']}"
            return Reference(uri, Kind.REGISTRY, place, match["tag"] or "", match["digest"] or "")
    raise _not_valid(uri[:LONGEST])


def _allowed(uri: str, path: str) -> str:
    try:
        real = Path(path).resolve()
    except (OSError, RuntimeError):  # a circle of symlinks
        raise _not_valid(uri) from None
    if not any(real.is_relative_to(root) for root in settings.HEARTH_IMAGES):
        raise _not_valid(uri, f" {path} is in none of the directories that HEARTH_IMAGES names.")
    return str(real)


def _not_valid(uri: str, why: str = "") -> Unusable:
    return invalid(f"Source image {uri} is not valid. Provide a valid source image.{why}")
