"""Who runs an asynchronous event, and until when nobody else may take it: renewed for as long as this process lives."""

import logging
import os
import threading
import time
import uuid
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from functions.models import AsyncEvent

log = logging.getLogger(__name__)

LEASE_SECONDS = 15
RENEW_SECONDS = 5

OWNER = f"{os.uname().nodename}:{uuid.uuid4().hex[:12]}"


def until() -> datetime:
    """The end of a lease that is taken or renewed now."""
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)


class Renewer:
    """One thread that keeps this process's leases alive while it runs events, and ends when it runs none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> int:
        """Events that this process runs now."""
        return self._running

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lease-renewer", daemon=True)
                self._thread.start()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._running -= 1

    def _run(self) -> None:
        while True:
            time.sleep(RENEW_SECONDS)
            with self._lock:
                if not self._running:
                    self._thread = None
                    return
            try:
                AsyncEvent.objects.filter(lease_owner=OWNER, state=AsyncEvent.State.RUNNING).update(lease_until=until())
            except Exception:  # whatever is wrong with the database now, the next turn may find it well
                log.exception("leases could not be renewed")
            finally:
                connection.close()


renewer = Renewer()
