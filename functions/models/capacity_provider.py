from django.db import models


def arn(account_id: str, region: str, name: str) -> str:
    """Of the provider of that name; empty for none."""
    return f"arn:aws:lambda:{region}:{account_id}:capacity-provider:{name}" if name else ""


class CapacityProvider(models.Model):
    """A named pool of worker nodes. Machines join it by their setting HEARTH_CAPACITY_PROVIDER; none is started here.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CapacityProvider.html
    """

    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="capacity_providers")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=140)
    # What was asked for, in the service model's spelling: VpcConfig, PermissionsConfig, InstanceRequirements,
    # CapacityProviderScalingConfig, KmsKeyArn, PropagateTags, TelemetryConfig.
    members = models.JSONField(default=dict)
    tags = models.JSONField(default=dict, blank=True)
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="one_capacity_provider_per_name")
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return arn(self.account_id, self.region, self.name)
