from datetime import datetime

from django.db import models


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def due(self, now: datetime) -> "ScheduleQuerySet":
        """Enabled schedules whose time has come, the longest due first."""
        return self.filter(is_enabled=True, next_fire_at__lte=now).order_by("next_fire_at")


class Schedule(models.Model):
    """A time-table by which a function is invoked asynchronously: a scheduled rule with one target, as AWS has it.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """

    class Result(models.TextChoices):
        """What came of the last due time. `ACCEPTED` says that an event was queued, not how the function ended."""

        NEVER = "", "Not yet fired"
        ACCEPTED = "accepted", "Queued"
        REFUSED = "refused", "Refused"

    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="schedules")
    qualifier = models.CharField(max_length=128, blank=True)  # version or alias; empty for the function itself
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=512, blank=True)
    expression = models.CharField(max_length=256)  # rate(5 minutes), cron(0 9 ? * MON-FRI *)
    zone = models.CharField(max_length=64, default="UTC")  # IANA name
    input = models.TextField(blank=True)  # JSON payload; empty for AWS's scheduled event
    is_enabled = models.BooleanField(default=True)
    next_fire_at = models.DateTimeField(null=True, blank=True)  # null: disabled, or the time-table has ended
    last_fired_at = models.DateTimeField(null=True, blank=True)
    last_result = models.CharField(max_length=16, choices=Result.choices, default=Result.NEVER, blank=True)
    last_problem = models.CharField(max_length=1024, blank=True)  # why it was refused
    last_request_id = models.UUIDField(null=True, blank=True)  # of the event that the last firing queued
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "region", "name"], name="one_schedule_per_name")]
        indexes = [
            models.Index(fields=["next_fire_at"], name="schedule_due", condition=models.Q(is_enabled=True)),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"arn:aws:events:{self.region}:{self.account_id}:rule/{self.name}"
