from django.db import models

from functions.execution.runtimes import snapshot
from functions.execution.spec import CPU_MB
from functions.models import capacity_provider

LATEST = "$LATEST"
LATEST_PUBLISHED = "$LATEST.PUBLISHED"
# The row number of `$LATEST.PUBLISHED`: after all others, the largest that the column holds.
PUBLISHED = 2**31 - 1


def label(number: int) -> str:
    """The name of the version with this row number."""
    return {0: LATEST, PUBLISHED: LATEST_PUBLISHED}.get(number) or str(number)


class FunctionVersion(models.Model):
    """One version of a function: code and configuration. Number 0 is `$LATEST`; the others never change, but for
    `$LATEST.PUBLISHED`, which a function on a capacity provider may publish again and again.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
    """

    class State(models.TextChoices):
        PENDING = "Pending", "Pending"
        ACTIVE = "Active", "Active"
        INACTIVE = "Inactive", "Inactive"
        FAILED = "Failed", "Failed"

    class UpdateStatus(models.TextChoices):
        SUCCESSFUL = "Successful", "Successful"
        IN_PROGRESS = "InProgress", "In progress"
        FAILED = "Failed", "Failed"

    class UpdateRuntimeOn(models.TextChoices):
        AUTO = "Auto", "With the machine"
        FUNCTION_UPDATE = "FunctionUpdate", "With the function"
        MANUAL = "Manual", "By hand"

    function = models.ForeignKey("functions.Function", on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=0)
    description = models.CharField(max_length=256, blank=True)

    package = models.ForeignKey("functions.Package", on_delete=models.PROTECT, related_name="versions")
    # Of a `$LATEST` with hot reload: the directory that it runs from; the package is a copy. Else empty.
    directory = models.CharField(max_length=4096, blank=True)
    # Where the package stays, when it is referenced and not copied: S3Bucket, S3Key, S3ObjectVersion.
    s3_object = models.JSONField(null=True, blank=True)
    # Of a container image: `uri` as it was given, `resolved` with its digest, and while another one is fetched
    # `before`: what runs meanwhile, as {"package", "image"}. None for a deployment package.
    image = models.JSONField(null=True, blank=True)
    runtime = models.CharField(max_length=32, blank=True)  # empty, as the handler, for a container image
    handler = models.CharField(max_length=128, blank=True)
    role = models.CharField(max_length=2048)  # ARN
    memory_size = models.PositiveIntegerField(default=128)  # MB
    timeout = models.PositiveIntegerField(default=3)  # seconds
    ephemeral_storage = models.PositiveIntegerField(default=512)  # MB
    environment = models.JSONField(default=dict, blank=True)  # name -> value
    architectures = models.JSONField(default=list, blank=True)
    # Members that are kept and shown and that the engine does not read yet (TracingConfig, VpcConfig,
    # LoggingConfig, DeadLetterConfig, SnapStart, ...), in the model's own spelling.
    extras = models.JSONField(default=dict, blank=True)

    # The layers in their order, as they were when they were chosen (`Arn`, `CodeSize`, `UnpackedSize`): a layer version
    # may be deleted while functions use it. `layer_tree` is what they make together, in the code store.
    layers = models.JSONField(default=list, blank=True)
    layer_tree = models.CharField(max_length=64, blank=True)

    # The name of the pool of nodes that it runs on; empty for those that belong to none.
    capacity_provider = models.CharField(max_length=140, blank=True)
    # Which of the machine's interpreters of the runtime it is held to, by full version; empty: the machine's first.
    update_runtime_on = models.CharField(max_length=16, choices=UpdateRuntimeOn.choices, default=UpdateRuntimeOn.AUTO)
    runtime_version = models.CharField(max_length=32, blank=True)

    # Whether published versions of it ask for SnapStart.
    snap_start = models.BooleanField(default=False)

    # Of a published version: the digest of the code and configuration that `$LATEST` had then. While `$LATEST` still
    # has the same, publishing again gives no new version.
    fingerprint = models.CharField(max_length=64, blank=True)

    revision_id = models.UUIDField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(max_length=1024, blank=True)
    state_reason_code = models.CharField(max_length=64, blank=True)
    last_update_status = models.CharField(max_length=16, choices=UpdateStatus.choices, default=UpdateStatus.SUCCESSFUL)
    last_update_reason = models.CharField(max_length=1024, blank=True)
    last_update_reason_code = models.CharField(max_length=64, blank=True)
    last_modified = models.DateTimeField()
    modified_by = models.CharField(max_length=150, blank=True)  # user name

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "number"], name="one_version_per_number")]
        ordering = ["number"]
        indexes = [
            models.Index(
                fields=["capacity_provider"],
                name="version_with_provider",
                condition=~models.Q(capacity_provider=""),
            ),
            models.Index(
                fields=["package"],
                name="version_to_be_fetched",
                condition=models.Q(state="Pending") | models.Q(last_update_status="InProgress"),
            ),
            models.Index(fields=["snap_start"], name="version_with_snapshot", condition=models.Q(snap_start=True)),
        ]

    def __str__(self) -> str:
        return self.arn

    @property
    def label(self) -> str:
        """`$LATEST`, `$LATEST.PUBLISHED` or the number, as AWS writes a version."""
        return label(self.number)

    @property
    def arn(self) -> str:
        """The qualified ARN."""
        return f"{self.function.arn}:{self.label}"

    @property
    def capacity_provider_arn(self) -> str:
        """Empty for a version that runs on any node."""
        return capacity_provider.arn(self.function.account_id, self.function.region, self.capacity_provider)

    @property
    def vcpu_mb(self) -> int:
        """The memory that gives a share of one whole CPU."""
        config = self.extras.get("CapacityProviderConfig", {}).get("LambdaManagedInstancesCapacityProviderConfig", {})
        return int(config.get("ExecutionEnvironmentMemoryGiBPerVCpu", 0) * 1024) or CPU_MB

    @property
    def tenant_isolation(self) -> bool:
        """Whether an environment serves one tenant only."""
        return "TenancyConfig" in self.extras

    @property
    def has_snapshot(self) -> bool:
        """Whether its environments are initialised ahead, or copies of one that was (SnapStart)."""
        return self.snap_start and self.number > 0 and snapshot.is_possible(self.runtime)

    @property
    def snapshot_means(self) -> str:
        return snapshot.means(self.runtime)

    @property
    def shown_state(self) -> str:
        """As AWS tells it: the draft of a function on a capacity provider cannot be invoked."""
        is_draft = self.capacity_provider and not self.number and self.state == self.State.ACTIVE
        return "ActiveNonInvocable" if is_draft else self.state

    @property
    def stored_bytes(self) -> int:
        """What it takes of the account's code storage. Images belong to a registry."""
        return 0 if self.s3_object or self.image else self.package.size

    @property
    def kind(self) -> str:
        """What runs it, for people."""
        return self.runtime or "Container image"

    @property
    def running_package(self) -> str:
        """What serves invocations now: the one before, while an image is fetched."""
        before: dict[str, str] | None = (self.image or {}).get("before")
        return before["package"] if before else self.package_id

    @property
    def log_group(self) -> str:
        """Where its output is kept."""
        return (self.extras.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{self.function.name}"
