from django.db import models


class Package(models.Model):
    """A deployment package in the content-addressed store: the zip and its unpacked tree, by the zip's SHA-256."""

    sha256 = models.CharField(primary_key=True, max_length=64)  # of the zip, hexadecimal
    size = models.PositiveBigIntegerField()  # of the zip, bytes
    unpacked_size = models.PositiveBigIntegerField()  # bytes
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256
