from django.db import models


class ProvisionedConcurrency(models.Model):
    """How many environments of a version stand initialised, asked for at the version itself or at an alias.

    Only what is asked for is kept: what there is, the node knows.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    """

    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="provisioned")
    qualifier = models.CharField(max_length=128)  # a number or an alias
    requested = models.PositiveIntegerField()
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "qualifier"], name="one_provisioned_concurrency_per_qualifier")
        ]
        ordering = ["qualifier"]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"{self.function.arn}:{self.qualifier}"
