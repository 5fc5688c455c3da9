from django.db import models


class InvocationQuerySet(models.QuerySet["Invocation"]):
    def failed(self) -> "InvocationQuerySet":
        """In the very words of the partial indexes: SQLite takes them only for these."""
        return self.filter(~models.Q(outcome="success"))


class Invocation(models.Model):
    """The record of one invocation (of one attempt, for an asynchronous event)."""

    request_id = models.UUIDField()
    attempt = models.PositiveSmallIntegerField(default=1)
    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    function_name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    qualifier = models.CharField(max_length=128, blank=True)
    source = models.CharField(max_length=32)
    tenant_id = models.CharField(max_length=256, blank=True, db_default="")
    started_at = models.DateTimeField()
    outcome = models.CharField(max_length=16)  # monitoring.report.Outcome
    duration_ms = models.FloatField()
    billed_ms = models.PositiveIntegerField()
    init_ms = models.FloatField(null=True)
    memory_mb = models.PositiveIntegerField()
    max_memory_mb = models.PositiveIntegerField()
    error_type = models.CharField(max_length=256, blank=True)
    error_message = models.TextField(blank=True)
    log_group = models.CharField(max_length=512)
    log_stream = models.CharField(max_length=512)
    event_size = models.PositiveIntegerField(default=0)
    response_size = models.PositiveIntegerField(default=0)
    event = models.TextField(null=True)
    response = models.TextField(null=True)

    objects = InvocationQuerySet.as_manager()

    class Meta:
        # Billed time and memory, to find the most expensive ones without their rows.
        indexes = [
            models.Index(fields=["request_id"], name="invocation_by_request"),
            models.Index(
                fields=["account_id", "region", "-started_at", "billed_ms", "memory_mb"], name="invocation_by_account"
            ),
            models.Index(
                fields=["account_id", "region", "function_name", "-started_at", "billed_ms", "memory_mb"],
                name="invocation_by_function",
            ),
            # The few failures among many successes: InvocationQuerySet.failed() reads along these.
            models.Index(
                fields=["account_id", "region", "-started_at"],
                name="failure_by_account",
                condition=~models.Q(outcome="success"),
            ),
            models.Index(
                fields=["account_id", "region", "function_name", "-started_at"],
                name="failure_by_function",
                condition=~models.Q(outcome="success"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.request_id)
