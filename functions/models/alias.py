from django.db import models


class Alias(models.Model):
    """A name for a version, or for two with weights."""

    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=128)
    version = models.CharField(max_length=32)  # label: "$LATEST", "$LATEST.PUBLISHED" or a number
    routing = models.JSONField(default=dict, blank=True)  # {version label: weight 0.0 to 1.0}, at most one entry
    description = models.CharField(max_length=256, blank=True)
    revision_id = models.UUIDField()
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "name"], name="one_alias_per_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"{self.function.arn}:{self.name}"

    @property
    def targets(self) -> dict[str, float]:
        """Version label -> its share of the invocations, the main version first."""
        return {self.version: 1 - sum(self.routing.values()), **self.routing}
