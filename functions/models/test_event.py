from django.db import models


class TestEvent(models.Model):
    """A saved test event of a function; a shared one is seen by everybody in the account."""

    __test__ = False  # pytest: not a test

    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="test_events")
    name = models.CharField(max_length=64)
    payload = models.TextField()
    owner = models.ForeignKey("functions.User", on_delete=models.SET_NULL, null=True, related_name="test_events")
    is_shared = models.BooleanField(default=True)
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "name"], name="one_test_event_per_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
