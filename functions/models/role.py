from django.db import models


class Role(models.Model):
    """An IAM role: who may assume it and what it allows."""

    id = models.CharField(primary_key=True, max_length=32)  # AROA...
    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=64)
    path = models.CharField(max_length=512, default="/")
    description = models.CharField(max_length=1000, blank=True)
    trust_policy = models.TextField()  # the document as it was sent
    max_session_seconds = models.PositiveIntegerField(default=3600)
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_role_per_name")]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.name}"


class InlinePolicy(models.Model):
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="inline_policies")
    name = models.CharField(max_length=128)
    document = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "name"], name="one_inline_policy_per_name")]

    def __str__(self) -> str:
        return self.name


class AttachedPolicy(models.Model):
    """A managed policy's ARN on a role: AWS's own (`arn:aws:iam::aws:policy/...`) or the account's."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="attached_policies")
    arn = models.CharField(max_length=2048)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "arn"], name="one_attachment_per_policy")]

    def __str__(self) -> str:
        return self.arn


class ManagedPolicy(models.Model):
    """A customer managed policy of an account."""

    id = models.CharField(primary_key=True, max_length=32)  # ANPA...
    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(max_length=128)
    path = models.CharField(max_length=512, default="/")
    description = models.CharField(max_length=1000, blank=True)
    document = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_policy_per_name")]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:policy{self.path}{self.name}"
