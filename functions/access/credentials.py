"""Access keys as the front door needs them: found without a database read, their use noted without a write.

When a key was last used is kept in memory and written soon after, at most once a minute per key and process.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from functions.cache import GenerationCache, Realm
from functions.models import AccessKey, Membership

log = logging.getLogger(__name__)

NOTE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """An active key: its secret, and on whose behalf it signs."""

    access_key_id: str
    secret: str
    account_id: str
    user_id: int
    user_name: str
    preset: str  # what the user is in the account


_known: GenerationCache[Credentials | None] = GenerationCache(realm=Realm.ACCESS)
_noted: dict[str, float] = {}
_used: set[str] = set()


def find(access_key_id: str) -> Credentials | None:
    """The active key of an active member, or None. From memory unless something changed."""
    return _known.get(access_key_id, lambda: _read(access_key_id))


def _read(access_key_id: str) -> Credentials | None:
    key = (
        AccessKey.objects.filter(pk=access_key_id, is_active=True, user__is_active=True).select_related("user").first()
    )
    if key is None:
        return None
    member = Membership.objects.filter(user_id=key.user_id, account_id=key.account_id, is_active=True).first()
    if member is None:
        return None
    return Credentials(key.pk, key.secret, key.account_id, key.user_id, key.user.get_username(), member.preset)


def note_use(access_key_id: str) -> None:
    now = time.monotonic()
    if now - _noted.get(access_key_id, -NOTE_SECONDS) >= NOTE_SECONDS:
        _noted[access_key_id] = now
        _used.add(access_key_id)


def write_uses() -> None:
    """Called all the time by a thread of each web process. What cannot be written now is no loss."""
    if not _used:
        return
    used = [_used.pop() for _ in range(len(_used))]
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(seconds=NOTE_SECONDS))
    try:
        AccessKey.objects.filter(stale, pk__in=used).update(last_used_at=now)
    except DatabaseError as error:
        log.warning("the last use of %d access keys was not written: %s", len(used), error)
