from django.db import models

from functions.event_sources.table import KINDS
from functions.models.function import Function


class EventSourceMappings(models.QuerySet["EventSourceMapping"]):
    def of(self, function: Function) -> "EventSourceMappings":
        """Those that name the function, or a version or alias of it."""
        rows = self.filter(account_id=function.account_id, region=function.region, function_name=function.name)
        return rows.order_by("created_at")


class EventSourceMapping(models.Model):
    """That records of a stream or queue shall go to a function. It outlives the function, as at AWS.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
    """

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey("functions.Account", on_delete=models.CASCADE, related_name="event_source_mappings")
    region = models.CharField(max_length=32)
    kind = models.CharField(max_length=16)  # of `functions.event_sources.table`
    function_name = models.CharField(max_length=64)
    function_arn = models.CharField(max_length=300)  # with the qualifier that was given
    source = models.CharField(max_length=2048, blank=True)  # ARN; empty for one that is not AWS's
    members = models.JSONField(default=dict)  # the rest, in the service model's spelling
    is_enabled = models.BooleanField(default=True)
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField()

    objects = EventSourceMappings.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "region", "function_name"], name="mapping_by_function"),
            models.Index(fields=["account", "region", "id"], name="mapping_by_id"),
        ]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account_id}:event-source-mapping:{self.id}"

    @property
    def title(self) -> str:
        """The kind, for people."""
        return KINDS[self.kind].title

    @property
    def qualifier(self) -> str:
        """Of the version or alias it names; empty for the function itself."""
        return self.function_arn.partition(f":function:{self.function_name}")[2].removeprefix(":")

    @property
    def address(self) -> str:
        """Of the source: its ARN, or the servers of one that is not AWS's."""
        servers = (self.members.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
        return self.source or ", ".join(servers.get("KAFKA_BOOTSTRAP_SERVERS") or ())
