from django.db import models


class BrowserSession(models.Model):
    """A signed-in browser: what its owner sees of it. The session itself is Django's, found by `key`."""

    key = models.CharField(primary_key=True, max_length=40)
    user = models.ForeignKey("functions.User", on_delete=models.CASCADE, related_name="browser_sessions")
    user_agent = models.CharField(max_length=400, blank=True)
    address = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Written at most once a minute.
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} at {self.address}"
