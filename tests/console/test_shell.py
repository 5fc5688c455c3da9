"""What every page has: error pages, health, the theme, and that nothing is loaded from elsewhere."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from pytest_django import Settings

from console.pages import problems
from console.templatetags import hearth
from functions.invoke import nodes
from tests.console.conftest import Person

ROOT = Path(__file__).resolve().parent.parent.parent


def test_an_address_that_leads_nowhere(alice: Person) -> None:
    response = alice.client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing at this address." in response.content.decode()


def test_a_broken_page_gives_an_id_and_no_traceback() -> None:
    response = problems.broken(RequestFactory().get("/x/"))
    assert response.status_code == 500
    assert re.search(r"id [0-9a-f]{12}", response.content.decode())


def test_the_editor_gets_its_refusals_as_json(alice: Person, victor: Person) -> None:
    alice.create("refused")
    response = victor.post_json("/functions/refused/code/deploy/", {})
    assert response.status_code == 403
    assert "Viewers may look" in response.json()["message"]


def test_health_names_what_is_missing(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/none.sock"
    nodes.broker.cache_clear()
    try:
        response = Client().get("/healthz")
    finally:
        nodes.broker.cache_clear()
    assert response.status_code == 503
    assert set(response.json()["missing"]) == {"broker"}


def test_the_theme_of_the_charts_is_that_of_the_style_sheet() -> None:
    css = (ROOT / "static/css/tokens.css").read_text()
    theme = json.loads((ROOT / "static/js/plotly-theme.json").read_text())
    tokens = dict(re.findall(r"--([\w-]+): light-dark\((#\w+, #\w+)\)", css))
    for index, look in enumerate(("light", "dark")):

        def token(name: str, index: int = index) -> str:
            return str(tokens[name].split(", ")[index])

        layout, traces = theme[look]["template"]["layout"], theme[look]["traces"]
        assert layout["colorway"] == [token(f"c{number}") for number in range(1, 7)]
        assert layout["yaxis"]["gridcolor"] == token("c-grid")
        assert layout["font"]["color"] == token("c-axis")
        assert traces["invocations"]["marker"]["color"] == token("c1")
        assert traces["errors"]["line"]["color"] == token("c-err")
        assert traces["throttles"]["marker"]["color"] == token("c-warn")
        assert traces["coldStarts"]["marker"]["color"] == token("c-cold")
        assert traces["limit"]["line"]["color"] == token("c-mark")
        for share in ("p50", "p95", "p99"):
            assert traces[share]["line"]["color"] == token(f"c-{share}")


def test_templates_have_no_inline_script_and_no_foreign_address() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\son\w+=", text), path
        assert not re.search(r"""(?:src|href)=["']https?://""", text), path


def test_style_sheets_load_nothing_foreign() -> None:
    for path in (ROOT / "static").rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?https?:", path.read_text()), path


def test_icons_that_are_used_are_there() -> None:
    drawn = set(re.findall(r'id="i-([\w-]+)"', (ROOT / "static/icons.svg").read_text()))
    used = set()
    for path in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% icon "([\w-]+)"', path.read_text()))
    assert used <= drawn


def test_what_is_vendored_is_listed_with_its_licence() -> None:
    listed = (ROOT / "static/vendor/VERSIONS").read_text()
    for path in (ROOT / "static/vendor").glob("*.js"):
        assert path.name in listed
        assert "sourceMappingURL" not in path.read_text()


@pytest.mark.parametrize(
    ("call", "value", "text"),
    [
        (hearth.compact, 1204, "1,204"),
        (hearth.compact, 18_400, "18.4k"),
        (hearth.compact, 2_500_000, "2.5M"),
        (hearth.milliseconds, 0.8412, "0.84 ms"),
        (hearth.milliseconds, 212.4, "212 ms"),
        (hearth.milliseconds, 1940, "1.94 s"),
        (hearth.percent, 0.0014, "0.14\u202f%"),
        (hearth.percent, 1, "100\u202f%"),
        (hearth.size, 38 * 1024, "38 KB"),
        (hearth.grouped, "000012345678", "0000 1234 5678"),
        (hearth.initials, "deploy-bot", "DB"),
        (hearth.short_arn, "arn:aws:lambda:eu-west-1:000012345678:function:orders", "arn:aws:lambda…:orders"),
    ],
)
def test_numbers_are_written_for_people(call: Callable[[Any], str], value: object, text: str) -> None:
    assert call(value) == text


def test_json_is_coloured_and_never_markup() -> None:
    shown = hearth.json_colours(json.dumps({"a": '<script>"x"</script>', "n": -1.5e3, "t": None}))
    assert "<script>" not in shown
    assert '<span class="f">&quot;a&quot;</span>:' in shown
    assert '<span class="n">-1500.0</span>' in shown
    assert '<span class="n">null</span>' in shown
    assert shown.count("<span") == shown.count("</span>")
    # No markup comes from the text itself, whatever is in it.
    rendered = Template("{{ text|json_colours }}").render(Context({"text": "<b>&quot;</b>"}))
    assert "<b>" not in rendered
