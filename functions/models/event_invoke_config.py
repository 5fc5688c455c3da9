from django.db import models

from functions.models.function import Function


class EventInvokeConfigQuerySet(models.QuerySet["EventInvokeConfig"]):
    def leading_to(self, function: Function) -> "EventInvokeConfigQuerySet":
        """Those of other functions with this function, or a version or alias of it, as a destination."""
        found = models.Q()
        for member in ("on_success", "on_failure"):
            found |= models.Q(**{member: function.arn}) | models.Q(**{f"{member}__startswith": f"{function.arn}:"})
        return self.filter(found, function__account_id=function.account_id).select_related("function")


class EventInvokeConfig(models.Model):
    """How asynchronous events of a function, or of one version or alias, are retried and where their outcome goes.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    """

    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="event_invoke_configs")
    qualifier = models.CharField(max_length=128)  # "$LATEST", a number or an alias
    maximum_retry_attempts = models.PositiveSmallIntegerField(null=True, blank=True)  # null: AWS's 2
    maximum_event_age = models.PositiveIntegerField(null=True, blank=True)  # seconds; null: AWS's six hours
    on_success = models.CharField(max_length=350, blank=True)  # ARN of the destination
    on_failure = models.CharField(max_length=350, blank=True)
    modified_at = models.DateTimeField()

    objects = EventInvokeConfigQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "qualifier"], name="one_event_invoke_config_per_qualifier")
        ]
        ordering = ["qualifier"]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"{self.function.arn}:{self.qualifier}"
