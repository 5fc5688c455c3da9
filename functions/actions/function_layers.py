"""The layers of a function: which it may choose, and what they make together.

A function keeps what it has chosen: a layer version that is deleted, or no longer shared, goes on working there.
Compatible runtimes and architectures serve lists only; AWS lets a function choose any layer.
Source: https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functions import lookup
from functions.access import layers as access
from functions.access.caller import Caller
from functions.code import layers, sources
from functions.errors import InvalidParameterValueException
from functions.layer_arn import LayerReference, parse
from functions.limits import limits
from functions.models import FunctionVersion, LayerVersion, Package


@dataclass(frozen=True, slots=True)
class Choice:
    """Layers in their order, as a function version keeps them, and the name of their tree in the store."""

    layers: list[dict[str, Any]]
    tree: str

    def put(self, version: FunctionVersion) -> None:
        version.layers = self.layers
        version.layer_tree = self.tree


def choose(caller: Caller, arns: Sequence[str]) -> Choice:
    """What the `Layers` of a request mean. To be called inside `store.holding()`; raises AWS's errors."""
    if len(arns) > limits().layers:
        raise _refused(f"Cannot reference more than {limits().layers} layers.")
    references = [parse(arn, caller) for arn in arns]
    if any(reference.region != caller.region for reference in references):
        raise _refused(
            f"Layers are not in the same region as the function. Layers are expected to be in region {caller.region}."
        )
    found = [_version(caller, reference) for reference in references]
    for one, other in itertools.combinations(found, 2):
        if one.layer_id == other.layer_id:
            raise _refused(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{one.arn} and {other.arn} are versions of the same layer."
            )
    return Choice(
        [
            {"Arn": each.arn, "CodeSize": each.package.size, "UnpackedSize": each.package.unpacked_size}
            for each in found
        ],
        layers.lay([each.package_id for each in found]),
    )


def check_size(package: Package, chosen: Sequence[dict[str, Any]]) -> None:
    """Code and layers together must not be larger than a package may be alone."""
    size = package.unpacked_size + sum(layer["UnpackedSize"] for layer in chosen)
    if chosen and size > limits().unzipped_bytes:
        raise _refused(
            "Function code combined with layers exceeds the maximum allowed size of "
            f"{limits().unzipped_bytes} bytes. The actual size is {size} bytes."
        )


def _version(caller: Caller, reference: LayerReference) -> LayerVersion:
    version = lookup.layer_version(reference)
    access.check(caller, reference, version)
    if version is None:
        raise _refused(f"Layer version {reference.arn} does not exist.")
    if version.s3_object:
        sources.check(reference.region, version.s3_object, "Layers")
    return version


def _refused(message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(message, field="Layers")
