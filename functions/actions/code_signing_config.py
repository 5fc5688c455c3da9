"""Code signing configurations: kept, given to functions, and what they mean for a deployment.

The format in which AWS Signer signs a zip is not published, so no signature can be verified here: every artifact is an
untrusted one. A configuration that enforces refuses it as AWS refuses an unsigned zip; one that warns lets it pass and
says so in the audit log.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
"""

import secrets
from collections.abc import Mapping, Sequence

from django.utils import timezone

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.tags import check_count
from functions.arn import FunctionReference
from functions.errors import (
    CodeSigningConfigNotFoundException,
    CodeVerificationFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.models import CodeSigningConfig

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def create(
    caller: Caller, *, publishers: Sequence[str], untrusted: str, description: str = "", tags: Mapping[str, str]
) -> CodeSigningConfig:
    check_count(tags)
    config = CodeSigningConfig(
        id="csc-" + "".join(secrets.choice(ALPHABET) for _ in range(17)),
        account_id=caller.account_id,
        region=caller.region,
        description=description,
        publishers=list(publishers),
        untrusted=untrusted,
        tags=dict(tags),
        last_modified=timezone.now(),
    )
    with change(caller, "CreateCodeSigningConfig", config.arn, untrusted=untrusted):
        config.save(force_insert=True)
    return config


def update(
    caller: Caller,
    arn: str,
    *,
    publishers: Sequence[str] | None = None,
    untrusted: str | None = None,
    description: str | None = None,
) -> CodeSigningConfig:
    """What is None stays."""
    with change(caller, "UpdateCodeSigningConfig", arn) as detail:
        config = get(caller, arn)
        if publishers is not None:
            config.publishers = list(publishers)
        if untrusted is not None:
            detail.update({"from": config.untrusted, "to": untrusted})
            config.untrusted = untrusted
        if description is not None:
            config.description = description
        config.last_modified = timezone.now()
        config.save()
    return config


def delete(caller: Caller, arn: str) -> None:
    with change(caller, "DeleteCodeSigningConfig", arn):
        config = get(caller, arn)
        if names := list(config.functions.values_list("name", flat=True)[:5]):
            raise ResourceConflictException(
                "Cannot delete the code signing configuration because it is attached to functions: " + ", ".join(names),
                field="CodeSigningConfigArn",
            )
        config.delete()


def put(caller: Caller, reference: FunctionReference, arn: str) -> CodeSigningConfig:
    """From now on deployments to the function are under the configuration; what is deployed stays."""
    reference = reference.unqualified()
    with change(caller, "PutFunctionCodeSigningConfig", reference.function_arn, config=arn):
        config = _find(caller, arn)
        if config is None:
            raise CodeSigningConfigNotFoundException(
                "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
                f"{arn}.",
                field="CodeSigningConfigArn",
            )
        function = lookup.function(reference, lock=True)
        function.code_signing_config = config
        function.save(update_fields=["code_signing_config"])
        return config


def remove(caller: Caller, reference: FunctionReference) -> None:
    """A function without one is no error."""
    reference = reference.unqualified()
    with change(caller, "DeleteFunctionCodeSigningConfig", reference.function_arn):
        function = lookup.function(reference, lock=True)
        function.code_signing_config = None
        function.save(update_fields=["code_signing_config"])


def get(caller: Caller, arn: str) -> CodeSigningConfig:
    """Raises ResourceNotFoundException."""
    config = _find(caller, arn)
    if config is None:
        raise ResourceNotFoundException(
            f"The Lambda code signing configuration {arn} can not be found.", field="CodeSigningConfigArn", Type=None
        )
    return config


def chosen(caller: Caller, arn: str | None) -> CodeSigningConfig | None:
    """The configuration that a new function is created under. Raises CodeSigningConfigNotFoundException."""
    config = _find(caller, arn) if arn else None
    if arn and config is None:
        raise CodeSigningConfigNotFoundException(
            "The code signing configuration cannot be found. Check that the provided code signing configuration is "
            f"not deleted: {arn}.",
            field="CodeSigningConfigArn",
        )
    return config


def check(config: CodeSigningConfig | None) -> dict[str, str]:
    """May an artifact be deployed under this configuration? What the audit log is to say of it.

    Raises CodeVerificationFailedException.
    """
    if config is None:
        return {}
    if config.untrusted == CodeSigningConfig.Untrusted.ENFORCE:
        raise CodeVerificationFailedException(
            "Lambda cannot deploy the function. The function or layer might be signed using a signature that the "
            "client is not configured to accept. Check the provided signature for unsigned.",
            field="ZipFile",
        )
    return {"untrusted": config.arn}


def _find(caller: Caller, arn: str) -> CodeSigningConfig | None:
    config = CodeSigningConfig.objects.filter(
        account_id=caller.account_id, region=caller.region, id=arn.rpartition(":")[2]
    ).first()
    return config if config is not None and config.arn == arn else None
