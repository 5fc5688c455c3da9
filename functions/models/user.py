from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who logs in to the console, or on whose behalf keys sign. Belongs to one or more accounts."""

    class Theme(models.TextChoices):
        """How the console looks. Empty: never chosen, the browser's own memory decides."""

        SYSTEM = "system", "As the system"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    theme = models.CharField(max_length=8, choices=Theme.choices, blank=True, default="")
    accounts: models.ManyToManyField = models.ManyToManyField(  # type: ignore[type-arg]
        "functions.Account", through="functions.Membership", related_name="users"
    )


class Membership(models.Model):
    """What a user is in an account. Each preset is an IAM policy document: `functions.access.presets`."""

    class Preset(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        DEVELOPER = "developer", "Developer"
        OPERATOR = "operator", "Operator"
        ADMIN = "admin", "Administrator"

    user = models.ForeignKey("functions.User", on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="memberships")
    preset = models.CharField(max_length=16, choices=Preset.choices, default=Preset.DEVELOPER)
    # A disabled member sees no page and signs no request of the account; what he made stays.
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="one_membership_per_user_and_account")]

    def __str__(self) -> str:
        return f"{self.user} is {self.preset} of {self.account_id}"
