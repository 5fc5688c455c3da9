"""What invocations leave behind: records, log chunks, metric buckets. No foreign key leads up to `functions`."""

from monitoring.models.invocation import Invocation
from monitoring.models.log import LogChunk, LogGroup, LogStream
from monitoring.models.metric import MetricBucket
from monitoring.models.spool import SpoolCursor

__all__ = ["Invocation", "LogChunk", "LogGroup", "LogStream", "MetricBucket", "SpoolCursor"]
