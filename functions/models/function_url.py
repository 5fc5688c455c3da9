from django.db import models


class FunctionUrl(models.Model):
    """An HTTP address of a function or of one alias. `qualifier` is empty for the function itself."""

    class AuthType(models.TextChoices):
        NONE = "NONE", "Public"
        AWS_IAM = "AWS_IAM", "Signed by an access key"

    class InvokeMode(models.TextChoices):
        BUFFERED = "BUFFERED", "When it is whole"
        RESPONSE_STREAM = "RESPONSE_STREAM", "As the function writes it"

    id = models.CharField(primary_key=True, max_length=40)  # the host's first label
    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="urls")
    qualifier = models.CharField(max_length=128, blank=True)
    auth_type = models.CharField(max_length=8, choices=AuthType.choices)
    cors = models.JSONField(default=dict, blank=True)  # the model's Cors structure
    invoke_mode = models.CharField(max_length=16, default="BUFFERED")  # empty until it was set: buffered
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "qualifier"], name="one_url_per_qualifier")]

    def __str__(self) -> str:
        return self.id
