from django.db import models


class CodeSigningConfig(models.Model):
    """Whose signatures an account trusts, and what becomes of code without one.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CodeSigningConfig.html
    """

    class Untrusted(models.TextChoices):
        """What happens to an untrusted artifact on deployment."""

        WARN = "Warn", "Warn"
        ENFORCE = "Enforce", "Enforce"

    id = models.CharField(primary_key=True, max_length=21)  # csc-<17 characters>
    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="code_signing_configs")
    region = models.CharField(max_length=32)
    description = models.CharField(max_length=256, blank=True)
    publishers = models.JSONField(default=list)  # ARNs of signing profile versions
    untrusted = models.CharField(max_length=8, choices=Untrusted.choices, default=Untrusted.WARN)
    tags = models.JSONField(default=dict, blank=True)
    last_modified = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "region", "id"], name="code_signing_by_account")]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account_id}:code-signing-config:{self.id}"
