from django.db import models


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> "DeliveryQuerySet":
        return self.filter(state=Delivery.State.PENDING)


class Delivery(models.Model):
    """The outcome of an asynchronous event on its way to a destination or a dead-letter queue.

    Who tries it moves `due_at` beyond the longest try: a try whose worker died is made again.
    """

    class Kind(models.TextChoices):
        DESTINATION = "destination", "Destination"
        DEAD_LETTER = "dead_letter", "Dead-letter queue"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    event = models.ForeignKey("functions.AsyncEvent", on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    target = models.CharField(max_length=350)  # ARN
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)  # tries that began
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=1024, blank=True)  # message id, object key or request id over there
    error = models.CharField(max_length=1024, blank=True)  # of the last try

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="delivery_pending", condition=models.Q(state="pending")),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.target}"

    @property
    def is_invocation(self) -> bool:
        """Whether the target is a function: `receipt` is then a request id of this endpoint."""
        return self.target.split(":")[2] == "lambda"
