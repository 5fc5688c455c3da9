"""From the URI of an image to what it is, and from what it is to its tree in the code store."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from functions.code import store
from functions.code.images.layout import Layout, layout
from functions.code.images.manifest import Image, read
from functions.code.images.reference import Kind, Reference, parse
from functions.code.images.refusals import invalid
from functions.code.images.registry import Registry
from functions.code.images.unpack import unpack
from functions.limits import limits


@dataclass(frozen=True, slots=True)
class Found:
    """An image that is there. `resolved` is its URI with the digest."""

    uri: str
    resolved: str
    image: Image


def find(uri: str) -> Found:
    """Look, without its layers. Some milliseconds for a layout; for a registry seconds. Raises Unusable or Away."""
    reference = parse(uri)
    with _scratch() as aside, _opened(reference, aside) as source:
        image = read(source, uri)
    if image.size > limits().image_bytes:
        raise invalid(f"The image is larger than {limits().image_bytes} bytes.")
    return Found(uri, reference.resolved(image.digest), image)


def fetch(uri: str, digest: str) -> int:
    """Unpack the image with this digest into the store; the bytes it takes. To be called inside `store.holding()`.

    Takes as long as it takes: minutes for a large one. Raises Unusable or Away, OSError for a fault of the machine.
    """
    reference = replace(parse(uri), digest=f"sha256:{digest}")
    with _scratch() as aside:
        with _opened(reference, aside) as source:
            image = read(source, uri)
            if isinstance(source, Registry):
                source.gather(image)
            size = unpack(image, source, aside / "tree")
        store.put(aside / "tree", store.tree(digest))
    return size


def is_here(digest: str) -> bool:
    return store.tree(digest).exists()


@contextmanager
def _scratch() -> Iterator[Path]:
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=settings.HEARTH_CODE))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _opened(reference: Reference, aside: Path) -> Iterator[Layout | Registry]:
    source = Registry(reference, aside / "layers") if reference.kind is Kind.REGISTRY else layout(reference)
    try:
        yield source
    finally:
        source.close()
