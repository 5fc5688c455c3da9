"""CloudWatch: the operations on metrics.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
"""

import math
import time
from datetime import UTC, datetime
from typing import Any

from monitoring.api.caller import Caller
from monitoring.api.expression import Series, evaluate
from monitoring.errors import (
    InvalidNextToken,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    MissingRequiredParameterException,
    ValidationError,
)
from monitoring.models.metric import HOUR, MINUTE
from monitoring.queries import metrics
from monitoring.queries.metrics import STATISTICS, Metric, Point, UnknownStatistic

STATISTICS_POINTS = 1440  # of GetMetricStatistics
DATA_POINTS = 100_800  # of GetMetricData
DATA_QUERIES = 500
LIST_PAGE = 500
LISTED_SECONDS = 14 * 24 * 3600  # AWS lists metrics with samples of the last two weeks
ACTIVE_SECONDS = 3 * 3600


def get_metric_data(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    queries = request["MetricDataQueries"]
    if len(queries) > DATA_QUERIES:
        raise ValidationError(f"The collection MetricDataQueries must not have a size greater than {DATA_QUERIES}.")
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        raise ValidationError("The values for parameter id in MetricDataQueries are not unique.")
    start, end = times(request)
    stats = {query["Id"]: query["MetricStat"] for query in queries if query.get("MetricStat")}
    for query in queries:
        if bool(query.get("MetricStat")) == bool(query.get("Expression")):
            raise ValidationError(
                f"Exactly one of MetricStat and Expression must be given for the query '{query['Id']}'."
            )
    points = sum((end - start) / max(stat["Period"], 1) for stat in stats.values())
    if points > DATA_POINTS:
        raise ValidationError(
            f"You have requested up to {math.ceil(points):,} datapoints, which exceeds the limit of {DATA_POINTS:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    series = read(caller, stats, start, end)
    expressions = {query["Id"]: query["Expression"] for query in queries if query.get("Expression")}
    descending = request.get("ScanBy") != "TimestampAscending"
    results = []
    for query in queries:
        if query.get("ReturnData") is False:
            continue
        key = query["Id"]
        found = series[key] if key in series else evaluate(key, expressions, series)
        order = sorted(found, reverse=descending)
        results.append(
            {
                "Id": key,
                "Label": query.get("Label") or (stats[key]["Metric"]["MetricName"] if key in stats else key),
                "Timestamps": [datetime.fromtimestamp(at, UTC) for at in order],
                "Values": [found[at] for at in order],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


def read(caller: Caller, stats: dict[str, dict[str, Any]], start: int, end: int) -> dict[str, Series]:
    """The series of each MetricStat by its id: one query for each period."""
    series: dict[str, Series] = {}
    for seconds in {stat["Period"] for stat in stats.values()}:
        chosen = {key: stat for key, stat in stats.items() if stat["Period"] == seconds}
        wanted = {key: metric_of(stat["Metric"]) for key, stat in chosen.items()}
        found = metrics.read(
            caller.account_id, caller.region, set(wanted.values()), start, end, period(seconds, ValidationError)
        )
        for key, stat in chosen.items():
            try:
                metrics.check_statistic(stat["Stat"])
            except UnknownStatistic as error:
                raise ValidationError(f"The value {stat['Stat']} for parameter Stat is not supported.") from error
            values = ((point.start, point.value(stat["Stat"])) for point in of_unit(found[wanted[key]], stat))
            series[key] = {at: value for at, value in values if value is not None}
    return series


def get_metric_statistics(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    simple, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
    if not simple and not extended:
        raise MissingRequiredParameterException("At least one of Statistics and ExtendedStatistics must be specified.")
    start, end = times(request)
    seconds = period(request["Period"], InvalidParameterValueException)
    asked = math.ceil((end - start) / seconds)
    if asked > STATISTICS_POINTS:
        raise InvalidParameterCombinationException(
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of {STATISTICS_POINTS:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    for statistic in extended:
        try:
            metrics.percent_of(statistic)
        except UnknownStatistic as error:
            raise InvalidParameterValueException(
                f"The value {statistic} for parameter ExtendedStatistics is not supported."
            ) from error
    metric = metric_of(request)
    found = metrics.series(caller.account_id, caller.region, metric, start, end, seconds)
    return {
        "Label": metric.name,
        "Datapoints": [datapoint(point, simple, extended) for point in of_unit(found, request)],
    }


def datapoint(point: Point, simple: list[str], extended: list[str]) -> dict[str, Any]:
    percentiles = {name: value for name in extended if (value := point.value(name)) is not None}
    return {
        "Timestamp": datetime.fromtimestamp(point.start, UTC),
        **{name: point.value(name) for name in STATISTICS if name in simple},
        "Unit": point.unit,
        **({"ExtendedStatistics": percentiles} if percentiles else {}),
    }


def list_metrics(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    recent = ACTIVE_SECONDS if request.get("RecentlyActive") else LISTED_SECONDS
    filters: dict[str, Any] = {"start__gte": int(time.time() - recent) // HOUR * HOUR}
    if request.get("Namespace"):
        filters["namespace"] = request["Namespace"]
    if request.get("MetricName"):
        filters["name"] = request["MetricName"]
    wanted = [(item["Name"], item.get("Value")) for item in request.get("Dimensions") or []]
    found = [
        metric
        for metric in metrics.known(caller.account_id, caller.region, **filters)
        if has_dimensions(metric.dimension_map(), wanted)
    ]
    token = request.get("NextToken") or "0"
    if not (token.isascii() and token.isdigit()):
        raise InvalidNextToken("The specified NextToken is invalid.")
    first = int(token)
    result: dict[str, Any] = {"Metrics": [describe(metric) for metric in found[first : first + LIST_PAGE]]}
    if len(found) > first + LIST_PAGE:
        result["NextToken"] = str(first + LIST_PAGE)
    return result


def has_dimensions(dimensions: dict[str, str], wanted: list[tuple[str, str | None]]) -> bool:
    return all(name in dimensions and value in (None, dimensions[name]) for name, value in wanted)


def describe(metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimension_map().items()]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}


def metric_of(members: dict[str, Any]) -> Metric:
    dimensions = {item["Name"]: item["Value"] for item in members.get("Dimensions") or []}
    return Metric.of(members["MetricName"], dimensions, members.get("Namespace") or "")


def of_unit(points: list[Point], members: dict[str, Any]) -> list[Point]:
    """AWS gives nothing for a unit that the samples do not have."""
    unit = members.get("Unit")
    return [point for point in points if unit in (None, point.unit)]


def times(request: dict[str, Any]) -> tuple[int, int]:
    """Epoch seconds; the end is exclusive."""
    start, end = request["StartTime"].timestamp(), request["EndTime"].timestamp()
    if start >= end:
        raise InvalidParameterValueException("The parameter StartTime must be less than the parameter EndTime.")
    return math.floor(start), math.ceil(end)


def period(seconds: int, error: type[ValidationError] | type[InvalidParameterValueException]) -> int:
    if seconds < MINUTE or seconds % MINUTE:
        raise error(f"The parameter Period must be a multiple of {MINUTE}: finer metrics are not kept.")
    return seconds
