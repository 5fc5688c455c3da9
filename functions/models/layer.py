from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Cast

from functions.models.version import FunctionVersion

if TYPE_CHECKING:
    from collections.abc import Iterable


class Layer(models.Model):
    """The name under which the versions of a layer hang. It stays when all are deleted: numbers are never reused."""

    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="layers")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=140)
    next_version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "name"], name="one_layer_per_name")]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account_id}:layer:{self.name}"


class LayerVersions(models.QuerySet["LayerVersion"]):
    def matching(self, runtime: str | None, architecture: str | None) -> "LayerVersions":
        """Those that were published for a runtime and an architecture (each None: for any)."""
        rows = self
        wanted: Iterable[tuple[str, str | None]] = (
            ("compatible_runtimes", runtime),
            ("compatible_architectures", architecture),
        )
        for field, value in wanted:
            if value:  # SQLite cannot look into JSON as PostgreSQL does; both can read it as text
                rows = rows.annotate(**{f"{field}_text": Cast(field, models.TextField())})
                rows = rows.filter(**{f"{field}_text__contains": f'"{value}"'})
        return rows

    def newest(self, runtime: str | None = None, architecture: str | None = None) -> "LayerVersions":
        """Of each layer the newest version that matches."""
        matching = LayerVersion.objects.matching(runtime, architecture).filter(layer=models.OuterRef("layer"))
        return self.filter(number=models.Subquery(matching.order_by("-number").values("number")[:1]))


class LayerVersion(models.Model):
    """One version of a layer. Never changes, but for its policy; functions that use it outlive its deletion.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
    """

    layer = models.ForeignKey("functions.Layer", on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    package = models.ForeignKey("functions.Package", on_delete=models.PROTECT, related_name="layer_versions")
    # Where the package stays, when it is referenced and not copied: S3Bucket, S3Key, S3ObjectVersion.
    s3_object = models.JSONField(null=True, blank=True)
    description = models.CharField(max_length=256, blank=True)
    license_info = models.CharField(max_length=512, blank=True)
    # None when they were not given: AWS shows an empty list only to who gave one.
    compatible_runtimes = models.JSONField(null=True, blank=True)
    compatible_architectures = models.JSONField(null=True, blank=True)
    policy = models.JSONField(default=list, blank=True)  # statements
    policy_revision = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True)  # user name

    objects = LayerVersions.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layer", "number"], name="one_layer_version_per_number")]
        ordering = ["-number"]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"{self.layer.arn}:{self.number}"

    @property
    def users(self) -> models.QuerySet[FunctionVersion]:
        """The versions of functions that have it."""
        rows = FunctionVersion.objects.exclude(layer_tree="").annotate(text=Cast("layers", models.TextField()))
        return rows.filter(text__contains=f'"{self.arn}"').select_related("function")
