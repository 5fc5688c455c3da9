"""From a function's name and qualifier to the version that runs, and what the engine must know of it.

Read from the database once after a change anywhere (functions.cache), then from memory: the hot path.
"""

import hashlib
import json
import random
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OuterRef, Subquery

from functions import egress, lookup, reservations, stand_ins
from functions.arn import FunctionReference
from functions.cache import GenerationCache
from functions.code.images import start
from functions.errors import (
    InvalidParameterValueException,
    InvalidRuntimeException,
    NoPublishedVersionException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.execution.runtimes import discovery
from functions.execution.spec import FunctionSpec
from functions.limits import concurrency
from functions.models import (
    LATEST,
    LATEST_PUBLISHED,
    PUBLISHED,
    Alias,
    Function,
    FunctionVersion,
    Package,
    ScalingConfig,
    StandIn,
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where one invocation goes. `invoked_arn` is what the context object shows, `qualifier` what was asked for."""

    spec: FunctionSpec
    invoked_arn: str
    qualifier: str
    may_recurse: bool = False  # more often in one chain of calls than AWS allows


@dataclass(frozen=True, slots=True)
class _Target:
    """A name and qualifier, read: the first route, and with `weight` the second."""

    route: Route
    weight: float = 0.0
    second: Route | None = None


_targets: GenerationCache[_Target] = GenerationCache()


def resolve(reference: FunctionReference) -> Route:
    """The route of one invocation: an alias with weights may answer differently on each call.

    Raises ResourceNotFoundException, or ResourceConflictException while the function is not ready.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    target = _targets.get(reference, lambda: _read(reference))
    if target.second is not None and random.random() < target.weight:  # noqa: S311 a share, not a secret
        return target.second
    return target.route


def _read(reference: FunctionReference) -> _Target:
    qualifier = reference.qualifier or LATEST
    if qualifier.startswith(LATEST) or qualifier.isdigit():
        return _Target(_route(qualifier, reference))
    alias = Alias.objects.filter(
        function__account_id=reference.account_id,
        function__region=reference.region,
        function__name=reference.name,
        name=qualifier,
    ).first()
    if alias is None:
        raise _not_found(reference)
    first = _route(alias.version, reference)
    for label, weight in alias.routing.items():
        return _Target(first, float(weight), _route(label, reference))
    return _Target(first)


def _route(label: str, reference: FunctionReference) -> Route:
    number = lookup.version_number(label)
    version = None if number is None else _version(reference, number)
    if version is None:
        raise _not_found(reference)
    if version.capacity_provider and not number:
        return _published(reference)
    if version.state != FunctionVersion.State.ACTIVE:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. The function is currently in the following state: "
            + version.state
        )
    if version.runtime_version and discovery.interpreter(version.runtime, version.runtime_version) is None:
        raise InvalidRuntimeException(
            f"The function is held to version {version.runtime_version} of its runtime {version.runtime}, which is not "
            "installed on this machine any more."
        )
    qualifier = reference.qualifier or ""
    function = version.function
    arn = f"{function.arn}:{qualifier}" if qualifier else function.arn
    return Route(_spec(function, version), arn, qualifier, function.recursive_loop == Function.RecursiveLoop.ALLOW)


def _published(reference: FunctionReference) -> Route:
    """Of a function on a capacity provider, whose draft is never invoked: what was published of it last."""
    published = FunctionVersion.objects.filter(
        number=PUBLISHED,
        function__account_id=reference.account_id,
        function__region=reference.region,
        function__name=reference.name,
    )
    if not published.exists():
        raise NoPublishedVersionException(
            "The function can't be invoked because no published version exists. For functions with capacity provider "
            "configuration, either publish a version to $LATEST.PUBLISHED, or specify a published version qualifier."
        )
    if reference.qualifier:
        raise InvalidParameterValueException(
            "Functions configured with capacity provider configuration can't be invoked with $LATEST qualifier. To "
            "invoke this function, specify a published version qualifier or $LATEST.PUBLISHED.",
            field="Qualifier",
        )
    return _route(LATEST_PUBLISHED, replace(reference, qualifier=LATEST_PUBLISHED))


def _version(reference: FunctionReference, number: int) -> FunctionVersion | None:
    """The version with its function, and what the account's functions keep for themselves, in one query: a cold start
    waits."""
    rows = FunctionVersion.objects.filter(
        number=number,
        function__account_id=reference.account_id,
        function__region=reference.region,
        function__name=reference.name,
    )
    chosen = StandIn.objects.filter(account_id=reference.account_id, runtime=OuterRef("runtime"))
    rows = rows.annotate(
        kept=reservations.kept(reference.account_id, reference.region),
        stand_in=Subquery(chosen.values("interpreter")[:1]),
    )
    return rows.select_related("function").first()


def _spec(function: Function, version: FunctionVersion) -> FunctionSpec:
    logging_config = version.extras.get("LoggingConfig") or {}
    spec = FunctionSpec(
        key="",
        account_id=function.account_id,
        region=function.region,
        function_name=function.name,
        version=version.label,
        runtime=version.runtime,
        handler=version.handler,
        code=version.running_package,
        memory_mb=version.memory_size,
        timeout_s=version.timeout,
        ephemeral_mb=version.ephemeral_storage,
        environment=version.environment,
        role=version.role,
        log_group=logging_config.get("LogGroup") or f"/aws/lambda/{function.name}",
        layers=version.layer_tree,
        live=version.directory,
        network=egress.network(function.tags),
        snap_start=version.has_snapshot,
        runtime_version=version.runtime_version,
        vcpu_mb=version.vcpu_mb,
        capacity_provider=version.capacity_provider_arn,
        tenant_isolation=version.tenant_isolation,
        stand_in=_stand_in(version),
        image=_image(version) if version.image else {},
        log_format=logging_config.get("LogFormat", "Text"),
        application_log_level=logging_config.get("ApplicationLogLevel", "INFO"),
        system_log_level=logging_config.get("SystemLogLevel", "INFO"),
    )
    # The row's id keeps apart a function from its namesake that was deleted.
    identity = json.dumps([version.pk, spec.to_wire()], sort_keys=True)
    return replace(
        spec,
        key=hashlib.sha256(identity.encode()).hexdigest()[:32],
        reserved_concurrency=function.reserved_concurrency,
        unreserved_concurrency=concurrency() - version.kept,  # type: ignore[attr-defined]
        maximum_environments=_maximum(version) if version.capacity_provider else None,
    )


def _image(version: FunctionVersion) -> dict[str, Any]:
    package = Package.objects.get(pk=version.running_package)
    return start.how(package.image or {}, version.extras.get("ImageConfig", {}))


def _stand_in(version: FunctionVersion) -> str:
    """A version that is held to an interpreter of its runtime gets no other."""
    chosen: str | None = version.stand_in  # type: ignore[attr-defined]
    return "" if version.runtime_version else stand_ins.in_force(version.runtime, chosen)


def _maximum(version: FunctionVersion) -> int | None:
    config = ScalingConfig.objects.filter(function=version.function_id, qualifier=version.label)
    return config.values_list("maximum", flat=True).first()


def _not_found(reference: FunctionReference) -> ResourceNotFoundException:
    return lookup.not_found(reference.qualified(reference.qualifier or LATEST))
