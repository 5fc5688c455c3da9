"""What the charts of a function may be asked for: deployments, the period before, versions, refresh."""

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.models import AuditEntry, Function
from monitoring.models import MetricBucket
from monitoring.queries.metrics import Metric
from tests.console.conftest import Person

NASTY = "<script>alert('x')</script>"


def sample(function: Function, name: str, minutes_ago: int, total: float, **dimensions: str) -> None:
    """`total` invocations or errors; of durations, one of that many milliseconds."""
    single = name == "Duration"
    MetricBucket.objects.create(
        account_id=function.account_id,
        region=function.region,
        namespace="AWS/Lambda",
        name=name,
        dimensions=Metric.of(name, {"FunctionName": function.name, **dimensions}).dimensions,
        node="n",
        period=60,
        start=int(timezone.now().timestamp()) // 60 * 60 - minutes_ago * 60,
        unit="Count",
        count=1 if single else total,
        total=total,
        minimum=total if single else 1,
        maximum=total if single else 1,
    )


def test_deployments_are_marked_on_every_chart(alice: Person) -> None:
    function = alice.create("marked", Publish=True, Description=NASTY)
    alice.client.post("/functions/marked/versions/", {"Name": "prod", "FunctionVersion": "1"})
    alice.client.post("/functions/marked/aliases/prod/", {"FunctionVersion": "$LATEST"})
    sample(function, "Invocations", 1, 5)
    Function.objects.update(created_at=timezone.now() - timedelta(hours=2))
    AuditEntry.objects.exclude(action="UpdateAlias").delete()
    AuditEntry.objects.filter(action="UpdateAlias").update(at=timezone.now() - timedelta(minutes=90))
    response = alice.client.get("/functions/marked/monitor/?from=now-3h")
    figures = response.context["figures"]
    for figure in figures.values():
        assert [each["text"] for each in figure["layout"]["annotations"]] == ["prod"]
        assert len(figure["layout"]["shapes"]) == 1
    assert "prod: $LATEST" in response.content.decode()
    assert "prod: $LATEST" not in alice.client.get("/functions/marked/monitor/?from=now-1h").content.decode()
    assert "prod: $LATEST" in alice.client.get("/functions/marked/monitor/?qualifier=prod").content.decode()


def test_the_period_before_is_drawn_and_compared(alice: Person) -> None:
    function = alice.create("compared")
    sample(function, "Invocations", 10, 30)
    sample(function, "Invocations", 70, 20)
    sample(function, "Duration", 10, 100)
    sample(function, "Duration", 70, 200)
    plain = alice.client.get("/functions/compared/monitor/?from=now-1h")
    assert "before" not in [trace["name"].lower() for trace in plain.context["figures"]["invocations"]["data"]]
    response = alice.client.get("/functions/compared/monitor/?from=now-1h&compare=1")
    chart = response.context["charts"][0]
    assert chart.answer == "30"
    assert "+50\u202f% against before" in chart.beside
    before = next(trace for trace in chart.figure["data"] if trace["name"] == "Before")
    calls = next(trace for trace in chart.figure["data"] if trace["name"] == "Invocations")
    assert before["x"] == calls["x"]
    assert sum(before["y"]) == 20
    assert "\u221250\u202f% against before" in response.context["charts"][2].beside
    assert "compare=1" in response.context["quick"][0].url


def test_versions_are_told_apart(alice: Person) -> None:
    function = alice.create("apart", Publish=True)
    alice.client.post("/functions/apart/versions/", {"Name": "prod", "FunctionVersion": "1"})
    sample(function, "Invocations", 5, 10)
    sample(function, "Invocations", 5, 3, Resource="apart:1")
    sample(function, "Invocations", 5, 4, Resource="apart:prod")
    sample(function, "Invocations", 5, 4, Resource="apart:prod", ExecutedVersion="1")
    sample(function, "Duration", 5, 80, Resource="apart:1")

    def drawn(query: str, key: str) -> dict[str, float]:
        response = alice.client.get(f"/functions/apart/monitor/?from=now-1h&split=version{query}")
        data = response.context["figures"][key]["data"]
        return {trace["name"]: sum(value or 0 for value in trace["y"]) for trace in data}

    assert drawn("", "invocations") == {"v1": 7, "$LATEST and others": 3, "Throttles": 0}
    assert drawn("", "duration") == {"v1": 80}
    assert drawn("&qualifier=prod", "invocations") == {"v1": 4, "Throttles": 0}
    assert drawn("&qualifier=1", "invocations") == {"Invocations": 3, "Throttles": 0}


def test_a_split_without_versions_says_so(alice: Person) -> None:
    alice.create("whole")
    page = alice.client.get("/functions/whole/monitor/?split=version").content.decode()
    assert "No published version was called in this time" in page


@pytest.mark.parametrize("value", ["", "0", "-5", "1e9", "soon", NASTY, "\u0661\u0660"])
def test_only_offered_paces_refresh(alice: Person, value: str) -> None:
    alice.create("paced")
    page = alice.client.get("/functions/paced/monitor/", {"refresh": value, "compare": value, "split": value})
    assert "data-refresh" not in page.content.decode()
    assert NASTY not in page.content.decode()


def test_a_live_range_refreshes_and_a_past_one_does_not(alice: Person) -> None:
    alice.create("live")
    assert 'data-refresh="30"' in alice.client.get("/functions/live/monitor/?refresh=30").content.decode()
    past = alice.client.get("/functions/live/monitor/?refresh=30&from=now-3h&to=now-1h").content.decode()
    assert "data-refresh" not in past
