from django.db import models


class AuditEntry(models.Model):
    """Who changed what, when. Written in the transaction of the change itself."""

    account_id = models.CharField(max_length=12)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=150)  # user name
    via = models.CharField(max_length=16)  # api, console, system
    action = models.CharField(max_length=64)  # the operation's name: UpdateFunctionCode
    resource = models.CharField(max_length=400)  # ARN
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account_id", "resource", "-at"], name="audit_by_resource"),
            models.Index(fields=["account_id", "-at"], name="audit_by_account"),
            # The log's pages, newest first.
            models.Index(fields=["account_id", "-id"], name="audit_by_age"),
            models.Index(fields=["account_id", "actor", "-id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.resource}"
