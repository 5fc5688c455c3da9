from django.db import models


class Account(models.Model):
    """A team: an AWS account with its own functions, keys, roles and limits."""

    id = models.CharField(primary_key=True, max_length=12)  # twelve digits
    name = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"
