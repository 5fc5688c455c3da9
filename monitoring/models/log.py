from django.db import models


class LogGroup(models.Model):
    """A CloudWatch log group: `/aws/lambda/<function>` for a function's output."""

    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=512)
    created_at = models.DateTimeField(auto_now_add=True)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    tags = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "region", "name"], name="one_group_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        return f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{self.name}:*"


class LogStream(models.Model):
    """The output of one execution environment."""

    group = models.ForeignKey(LogGroup, on_delete=models.CASCADE, related_name="streams")
    name = models.CharField(max_length=512)
    created_at = models.DateTimeField(auto_now_add=True)
    first_event_ms = models.BigIntegerField(null=True)
    last_event_ms = models.BigIntegerField(null=True)
    last_ingestion_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "name"], name="one_stream_per_name")]

    def __str__(self) -> str:
        return self.name


class LogChunk(models.Model):
    """Consecutive lines of one stream: those of one invocation, or a part of them. The order is that of the ids.

    `last_ms - first_ms` is at most `SPAN_MS`: so a read from a moment on knows which chunks cannot hold it.
    """

    SPAN_MS = 1000

    # The composite indexes below begin with these: an index of their own would cost every insert.
    stream = models.ForeignKey(LogStream, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    group = models.ForeignKey(LogGroup, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    request_id = models.UUIDField(null=True)
    first_ms = models.BigIntegerField()
    last_ms = models.BigIntegerField()
    ingested_ms = models.BigIntegerField()
    lines = models.JSONField()  # [[epoch ms, message], ...]

    class Meta:
        indexes = [
            models.Index(fields=["group", "first_ms"], name="chunk_by_group"),
            models.Index(fields=["stream", "first_ms"], name="chunk_by_stream"),
            models.Index(fields=["request_id"], name="chunk_by_request"),
        ]

    def __str__(self) -> str:
        return f"{self.stream}@{self.first_ms}"
