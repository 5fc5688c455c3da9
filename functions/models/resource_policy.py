from django.db import models


class ResourcePolicy(models.Model):
    """Who may do what with a function, or with one of its versions or aliases: a policy document.

    `qualifier` is empty for the function itself.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """

    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="policies")
    qualifier = models.CharField(max_length=128, blank=True)
    document = models.TextField()  # JSON, as it is shown
    revision_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "qualifier"], name="one_policy_per_qualifier")]

    def __str__(self) -> str:
        return f"{self.function.arn}:{self.qualifier}" if self.qualifier else self.function.arn
