from django.db import models


class ScalingConfig(models.Model):
    """How many environments a version on a capacity provider has, at least and at most.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionScalingConfig.html
    """

    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="scaling_configs")
    qualifier = models.CharField(max_length=128)  # a version's label
    minimum = models.PositiveIntegerField(null=True, blank=True)
    maximum = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "qualifier"], name="one_scaling_config_per_qualifier")
        ]

    def __str__(self) -> str:
        return f"{self.function.arn}:{self.qualifier}"
