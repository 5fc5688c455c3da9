from django.db import models


class Package(models.Model):
    """What runs, in the content-addressed store: a deployment package, the zip and its unpacked tree, or the tree of a
    container image."""

    sha256 = models.CharField(primary_key=True, max_length=64)  # of the zip or the image's manifest, hexadecimal
    size = models.PositiveBigIntegerField()  # of the zip or the image's layers, bytes
    unpacked_size = models.PositiveBigIntegerField()  # bytes; 0 of an image that was not fetched yet
    # Of an image: its layers, and how it says that it is started (functions.code.images.manifest).
    image = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256
