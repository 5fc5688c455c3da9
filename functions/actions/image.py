"""Functions that are container images: what they may not have, and how one gets its image.

An image is looked for while the request waits, so that one that is not there is refused as AWS refuses it. Its layers
are fetched afterwards: a new function is Pending meanwhile, one that had an image goes on with that. The rows say what
is to be fetched; a Celery message only says so sooner than the tick.
Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.updating import held
from functions.code import store
from functions.code.images import fetch
from functions.code.images.fetch import Found
from functions.code.images.refusals import Away, Code, Unusable
from functions.errors import AccessDeniedException, InvalidParameterValueException, ResourceConflictException
from functions.models import FunctionVersion, Package

log = logging.getLogger(__name__)

State, UpdateStatus = FunctionVersion.State, FunctionVersion.UpdateStatus
REASON, REASON_CODE = "The function is being created.", "Creating"
WAITING = Q(state=State.PENDING) | Q(last_update_status=UpdateStatus.IN_PROGRESS)
# Faults that pass, of the registry or of this machine, are waited out for so long.
PATIENCE = timedelta(minutes=15)
FORBIDDEN = ("Handler", "Runtime", "Layers")


def find(uri: str) -> Found:
    """The image of a URI, or AWS's refusal."""
    try:
        return fetch.find(uri)
    except Unusable as refusal:
        if refusal.code is Code.DENIED:
            raise AccessDeniedException(str(refusal), field="ImageUri") from None
        raise InvalidParameterValueException(str(refusal), field="ImageUri") from None
    except (Away, OSError) as fault:
        raise InvalidParameterValueException(
            f"Source image {uri} cannot be read now. {fault}", field="ImageUri"
        ) from None


def check_new(members: Mapping[str, Any]) -> None:
    """Of CreateFunction."""
    for member in FORBIDDEN:
        if members.get(member):
            raise InvalidParameterValueException(
                "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
                field=member,
            )
    if members.get("CodeSigningConfigArn"):
        raise InvalidParameterValueException(
            "Code signing is not supported for functions created with container images.", field="CodeSigningConfigArn"
        )
    _check(members)


def check_changes(version: FunctionVersion, members: Mapping[str, Any]) -> None:
    """Of UpdateFunctionConfiguration."""
    check_settled(version)
    if members.get("Layers"):
        raise InvalidParameterValueException(
            "Lambda layers are not supported for functions created with container images.", field="Layers"
        )
    for member in ("Handler", "Runtime"):
        if members.get(member):
            raise InvalidParameterValueException(
                f"{member} is not supported for functions created with container images.", field=member
            )
    _check(members)


def _check(members: Mapping[str, Any]) -> None:
    if (members.get("SnapStart") or {}).get("ApplyOn", "None") != "None":
        raise InvalidParameterValueException(
            "SnapStart is not supported for functions created with container images.", field="SnapStart"
        )
    config = members.get("ImageConfig") or {}
    texts = [*(config.get("EntryPoint") or []), *(config.get("Command") or []), config.get("WorkingDirectory") or ""]
    if any("\0" in text or any("\ud800" <= character <= "\udfff" for character in text) for text in texts):
        raise InvalidParameterValueException(
            "ImageConfig holds a NUL or half a character, which cannot be given to a process.", field="ImageConfig"
        )


def check_kind(version: FunctionVersion, is_image: bool) -> None:
    """A function stays what it was made of."""
    if version.image is not None and not is_image:
        raise InvalidParameterValueException(
            "Please provide ImageUri when updating a function with packageType Image.", field="ImageUri"
        )
    if version.image is None and is_image:
        raise InvalidParameterValueException(
            "Please don't provide ImageUri when updating a function with packageType Zip.", field="ImageUri"
        )


def check_settled(version: FunctionVersion) -> None:
    """Nothing is changed while an image is on its way."""
    if version.state == State.PENDING:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
    if version.last_update_status == UpdateStatus.IN_PROGRESS:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. An update is in progress for resource: "
            + version.function.arn
        )


def package(found: Found) -> Package:
    """Its row, saved or not."""
    image = found.image
    known = Package.objects.filter(pk=image.digest).first()
    return known or Package(sha256=image.digest, size=image.size, unpacked_size=0, image=image.facts())


def put(version: FunctionVersion, found: Found) -> None:
    """Give it the image, while its package is still the one before. Does not save."""
    given = {"uri": found.uri, "resolved": found.resolved}
    is_running = version.pk is not None and version.state == State.ACTIVE
    before = {"package": version.package_id, "image": version.image}
    version.image = given
    version.last_update_status, version.last_update_reason, version.last_update_reason_code = _SUCCESS
    version.state, version.state_reason, version.state_reason_code = State.ACTIVE, "", ""
    if fetch.is_here(found.image.digest):
        return
    if is_running:
        version.image = {**given, "before": before}
        version.last_update_status = UpdateStatus.IN_PROGRESS
        version.last_update_reason, version.last_update_reason_code = REASON, REASON_CODE
    else:
        version.state, version.state_reason, version.state_reason_code = State.PENDING, REASON, REASON_CODE
    transaction.on_commit(wake)


_SUCCESS = (UpdateStatus.SUCCESSFUL, "", "")


def publish(version: FunctionVersion) -> None:
    """A copy of `$LATEST` that is to be a version: one without code of its own waits for it. Does not save."""
    if version.image is None or version.last_update_status == UpdateStatus.SUCCESSFUL:
        return
    if version.last_update_status == UpdateStatus.IN_PROGRESS:
        version.image = {name: value for name, value in version.image.items() if name != "before"}
        version.state, version.state_reason, version.state_reason_code = State.PENDING, REASON, REASON_CODE
    version.last_update_status, version.last_update_reason, version.last_update_reason_code = _SUCCESS


def wake() -> None:
    """Tell the workers that an image is to be fetched."""
    from functions.tasks import fetch_images

    try:
        fetch_images.apply_async(retry=False)
    except OperationalError as error:
        log.warning("the broker is away, the next tick wakes a worker: %s", error)


def settle_all() -> int:
    """Fetch every image that a version waits for. Returns how many versions were settled, well or not."""
    waiting = FunctionVersion.objects.filter(WAITING, image__isnull=False)
    return sum(settle(sha256) for sha256 in list(waiting.values_list("package_id", flat=True).distinct()))


def settle(sha256: str) -> int:
    """Fetch one image; nothing if somebody else is about it."""
    with held(f"image {sha256}") as is_mine:
        if not is_mine:
            return 0
        settled = 0
        rows = FunctionVersion.objects.filter(WAITING, package_id=sha256, image__isnull=False)
        for version in rows.select_related("function"):
            try:
                _fetch((version.image or {})["uri"], sha256)
            except Unusable as refusal:
                settled += _end(version, str(refusal), refusal.code.value)
            except (Away, OSError) as fault:
                log.warning("the image of %s was not fetched: %s", version.arn, fault)
                if timezone.now() - version.last_modified > PATIENCE:
                    settled += _end(version, f"The image was not fetched: {fault}", "InternalError")
            else:
                settled += _end(version)
        return settled


def _fetch(uri: str, sha256: str) -> None:
    with store.holding():
        if not fetch.is_here(sha256):
            size = fetch.fetch(uri, sha256)
            Package.objects.filter(pk=sha256).update(unpacked_size=size)


def _end(seen: FunctionVersion, why: str = "", code: str = "") -> bool:
    """The fetching is over; `why` and `code` if it failed. False when the version does not wait for that image now."""
    function = seen.function
    caller = Caller(function.account_id, function.region, None, "image-fetch", "system")
    with change(caller, "FetchImage", seen.arn, package=seen.package_id, **({"why": why} if why else {})) as detail:
        rows = FunctionVersion.objects.select_for_update(of=("self",)).filter(WAITING, package=seen.package_id)
        version = rows.filter(pk=seen.pk).first()
        if version is None or version.image is None:
            detail["unchanged"] = True
            return False
        before = version.image.pop("before", None)
        if version.state == State.PENDING:
            version.state = State.FAILED if why else State.ACTIVE
            version.state_reason, version.state_reason_code = why[:1024], code
        else:
            version.last_update_status = UpdateStatus.FAILED if why else UpdateStatus.SUCCESSFUL
            version.last_update_reason, version.last_update_reason_code = why[:1024], code
            if why and before is not None:
                version.package_id, version.image = before["package"], before["image"]
            elif before is not None:
                transaction.on_commit(lambda: store.release(before["package"]))
        version.save()
    return True
