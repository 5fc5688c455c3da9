"""The services whose models are served, and how a request names them."""

import re
from dataclasses import dataclass
from functools import cache, cached_property

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape

# botocore's names. Another service is a line here, and its operations in `console.gateway.operations`.
SERVED = ("lambda", "logs", "cloudwatch", "iam", "sts")
# Not bound to a region: signed for us-east-1 wherever the client is.
GLOBAL = frozenset({"iam", "sts"})

DATED_PATH = re.compile(r"/\d{4}-\d{2}-\d{2}/")


@dataclass(frozen=True)
class Service:
    name: str
    model: ServiceModel

    @cached_property
    def signing_name(self) -> str:
        return str(self.model.signing_name)

    @cached_property
    def protocol(self) -> str:
        return str(self.model.metadata["protocol"])

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        return tuple(self.model.metadata.get("protocols", [self.protocol]))

    @cached_property
    def rest_protocol(self) -> str | None:
        return next((name for name in self.protocols if name.startswith("rest-")), None)

    @cached_property
    def target_prefix(self) -> str:
        return str(self.model.metadata.get("targetPrefix", ""))

    @cached_property
    def api_version(self) -> str:
        return str(self.model.metadata["apiVersion"])

    @cached_property
    def xml_namespace(self) -> str:
        return str(self.model.metadata.get("xmlNamespace", ""))

    @cached_property
    def query_compatible(self) -> bool:
        return "awsQueryCompatible" in self.model.metadata

    @cached_property
    def operation_names(self) -> frozenset[str]:
        return frozenset(self.model.operation_names)

    def operation(self, name: str) -> OperationModel | None:
        return self.model.operation_model(name) if name in self.operation_names else None

    @cached_property
    def error_shapes(self) -> dict[str, StructureShape]:
        """By the wire name of an error."""
        return {str(shape.error_code): shape for shape in self.model.error_shapes}

    def message_member(self, code: str) -> str:
        """AWS writes `message` in some errors and `Message` in others, such as IAM's, which no service's model has."""
        otherwise = "Message" if code == "AccessDeniedException" else "message"
        return next((name for name in _members(self.error_shapes.get(code)) if name.lower() == "message"), otherwise)


def _members(shape: StructureShape | None) -> tuple[str, ...]:
    return () if shape is None else tuple(shape.members)


@cache
def get(name: str) -> Service:
    return Service(name, ServiceModel(Loader().load_service_model(name, "service-2"), name))


@cache
def everything() -> tuple[Service, ...]:
    return tuple(get(name) for name in SERVED)


def by_signing_name(name: str) -> Service | None:
    return next((service for service in everything() if service.signing_name == name), None)


def by_target(prefix: str) -> Service | None:
    return next((service for service in everything() if service.target_prefix == prefix), None)


def by_version(version: str) -> Service | None:
    """By the API version that a query request names."""
    return next((s for s in everything() if s.api_version == version and "query" in s.protocols), None)


def by_path(path: str) -> Service | None:
    return get("lambda") if DATED_PATH.match(path) else None
