from django.db import models


class StandIn(models.Model):
    """What serves a runtime in an account while the runtime's own interpreter is not installed: an administrator's
    explicit choice, in force on all nodes."""

    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="stand_ins")
    runtime = models.CharField(max_length=32)  # AWS's id: ruby3.3
    interpreter = models.CharField(max_length=32)  # the other's own id: ruby3.1
    chosen_at = models.DateTimeField(auto_now=True)
    chosen_by = models.CharField(max_length=150)  # user name

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "runtime"], name="one_stand_in_per_runtime")]
        ordering = ["runtime"]

    def __str__(self) -> str:
        return f"{self.interpreter} for {self.runtime}"
