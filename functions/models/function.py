from django.db import models


class Function(models.Model):
    """A function: the name under which versions, aliases, tags, concurrency and URLs hang."""

    class Deploy(models.TextChoices):
        """What a deployment was."""

        CREATED = "created", "Created"
        CODE = "code", "Code"
        CONFIGURATION = "configuration", "Configuration"
        VERSION = "version", "Version"
        ALIAS = "alias", "Alias"

    class RecursiveLoop(models.TextChoices):
        """What becomes of a call that went through the function too often already."""

        TERMINATE = "Terminate", "Stop it"
        ALLOW = "Allow", "Let it run"

    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="functions")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    tags = models.JSONField(default=dict, blank=True)
    reserved_concurrency = models.PositiveIntegerField(null=True, blank=True)
    recursive_loop = models.CharField(max_length=16, choices=RecursiveLoop.choices, default=RecursiveLoop.TERMINATE)
    code_signing_config = models.ForeignKey(
        "functions.CodeSigningConfig", on_delete=models.PROTECT, null=True, blank=True, related_name="functions"
    )
    # The number the next published version gets. Numbers are never reused.
    next_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    # The last change of what callers get, for lists: kept here so that a list reads no history.
    last_deployed_at = models.DateTimeField(null=True, blank=True)
    last_deployed_by = models.CharField(max_length=150, blank=True)  # user name
    last_deploy = models.CharField(max_length=16, choices=Deploy.choices, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "name"], name="one_function_per_name")]
        indexes = [
            # What all functions reserve is asked at every cold start.
            models.Index(
                fields=["account", "region"],
                name="function_with_reservation",
                condition=models.Q(reserved_concurrency__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"
