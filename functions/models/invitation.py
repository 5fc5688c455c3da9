from django.db import models

from functions.models.user import Membership


class Invitation(models.Model):
    """A link by which a person sets a password: to become a member, or (with `user`) to get in again. Works once."""

    # SHA-256 of the link's secret: the database alone opens no door.
    token_hash = models.CharField(primary_key=True, max_length=64)
    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="invitations")
    user_name = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    preset = models.CharField(max_length=16, choices=Membership.Preset.choices)
    user = models.ForeignKey(
        "functions.User", on_delete=models.CASCADE, null=True, blank=True, related_name="password_links"
    )
    invited_by = models.CharField(max_length=150)  # user name
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_name} to {self.account_id}"
