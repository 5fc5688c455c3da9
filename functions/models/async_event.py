from datetime import datetime

from django.db import models

from functions.models.function import Function


class AsyncEventQuerySet(models.QuerySet["AsyncEvent"]):
    def of(self, function: Function, qualifier: str | None = None) -> "AsyncEventQuerySet":
        """The events of a function, the newest first; of one qualifier only when it is given (empty: unqualified)."""
        rows = self.filter(account_id=function.account_id, region=function.region, function_name=function.name)
        if qualifier is not None:
            rows = rows.filter(qualifier=qualifier)
        return rows.order_by("-accepted_at", "-id")

    def light(self) -> "AsyncEventQuerySet":
        """For lists: without payload and result, which may be megabytes."""
        return self.defer("payload", "result", "client_context")

    def waiting(self) -> "AsyncEventQuerySet":
        """Not ended, and not being run."""
        return self.filter(state=AsyncEvent.State.PENDING)

    def open(self) -> "AsyncEventQuerySet":
        return self.filter(state__in=("pending", "running"))

    def counts(self) -> dict["AsyncEvent.State", int]:
        """How many are in each state; states without any are left out. One query."""
        found = self.order_by().values_list("state").annotate(number=models.Count("*"))
        return {AsyncEvent.State(state): number for state, number in found}

    def without_success(self) -> "AsyncEventQuerySet":
        """Open, or ended otherwise: in the very words of the partial index, for SQLite takes it only for these."""
        return self.filter(~models.Q(state="succeeded"))

    def redrivable(self) -> "AsyncEventQuerySet":
        """Ended without success, and nothing took their place yet."""
        return self.without_success().filter(state__in=("failed", "expired", "purged"), redriven_as=None)


class AsyncEvent(models.Model):
    """An accepted asynchronous invocation. This row is the truth: a Celery message only wakes a worker for it."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Too old"
        PURGED = "purged", "Purged"

    id = models.UUIDField(primary_key=True)  # the request id of every attempt
    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    function_name = models.CharField(max_length=64)
    function_arn = models.CharField(max_length=300)  # as invoked, with the qualifier if one was given
    qualifier = models.CharField(max_length=128, blank=True)
    source = models.CharField(max_length=32, default="api")  # api, console, schedule, ...
    payload = models.BinaryField()
    client_context = models.TextField(blank=True)
    tenant_id = models.CharField(max_length=256, blank=True)  # of a function that isolates tenants
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)  # invocations that began
    accepted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # Who runs it now, and until when nobody else may take it.
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.BinaryField(null=True, blank=True)  # the response, or the error payload of the last attempt
    error_type = models.CharField(max_length=128, blank=True)
    version = models.CharField(max_length=32, blank=True)  # label of the version that the last attempt ran
    trace_id = models.TextField(blank=True)  # with the lineage that recursion is found by
    redriven_as = models.UUIDField(null=True, blank=True)  # the event that took its place after it had failed

    objects = AsyncEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="async_event_open", condition=models.Q(state__in=["pending", "running"])
            ),
            models.Index(fields=["account_id", "function_name", "-accepted_at"], name="async_event_by_function"),
            # The few that are counted and redriven among many that succeeded.
            models.Index(
                fields=["account_id", "region", "function_name", "state", "redriven_as"],
                name="async_event_without_success",
                condition=~models.Q(state="succeeded"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def next_try_at(self) -> datetime | None:
        """When it is run for the first time or again; None when it is running or has ended."""
        return self.due_at if self.state == self.State.PENDING else None
