from django.db import models


class SpoolCursor(models.Model):
    """How far a spool segment has been written to the database. Moves in the transaction of what it counts."""

    segment = models.CharField(primary_key=True, max_length=200)  # file name
    offset = models.BigIntegerField(default=0)  # bytes

    def __str__(self) -> str:
        return f"{self.segment}@{self.offset}"
