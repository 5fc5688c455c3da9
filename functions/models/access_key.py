from django.db import models


class AccessKey(models.Model):
    """A key pair that signs requests (SigV4). Belongs to a user of an account."""

    id = models.CharField(primary_key=True, max_length=128)  # AKIA...
    # SigV4 needs the secret itself on the server's side: a hash would not do.
    secret = models.CharField(max_length=128)
    user = models.ForeignKey("functions.User", on_delete=models.CASCADE, related_name="access_keys")
    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="access_keys")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.id
