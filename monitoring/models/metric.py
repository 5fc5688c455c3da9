from django.db import models

MINUTE = 60
HOUR = 3600
PERIODS = (MINUTE, HOUR)  # seconds: every sample is in a bucket of each, so that long ranges read few rows


class MetricBucket(models.Model):
    """One metric of one set of dimensions in one period: a statistic set and a histogram for percentiles.

    `node` keeps writers apart: each spool's ingester adds to its own rows, a query adds the rows of all.
    """

    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    namespace = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    dimensions = models.CharField(max_length=1024)  # canonical JSON, sorted by name
    node = models.CharField(max_length=64)
    period = models.PositiveIntegerField(default=MINUTE)  # one of PERIODS
    start = models.BigIntegerField()  # epoch seconds, a multiple of the period
    unit = models.CharField(max_length=32)
    count = models.FloatField()
    total = models.FloatField()
    minimum = models.FloatField()
    maximum = models.FloatField()
    histogram = models.JSONField(default=dict, blank=True)  # {bucket of a logarithmic scale: count}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "region", "namespace", "name", "dimensions", "period", "start", "node"],
                name="one_bucket_per_period_and_node",
            )
        ]
        indexes = [
            models.Index(fields=["start"], name="metric_by_start"),
            # Of all dimensions in a range, as every function's errors; the totals come without the rows.
            models.Index(
                fields=["account_id", "region", "namespace", "name", "period", "start", "dimensions", "total"],
                name="metric_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.namespace} {self.name} {self.start}"
