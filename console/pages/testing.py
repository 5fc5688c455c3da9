"""What the test beside the code needs, whatever the code is: for `static/js/code/testing.js`."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from console.pages import access
from console.pages.function_head import Head
from functions import samples

SAMPLE_EVENT = '{\n  "name": "Hearth"\n}\n'


def data(request: HttpRequest, head: Head) -> dict[str, Any]:
    name = head.function.name
    return {
        "may_change": access.may_change(request),
        "qualifier": head.qualifier,
        "events": [
            {"name": event.name, "payload": event.payload, "shared": event.is_shared}
            for event in head.function.test_events.all()
        ],
        "sample_event": SAMPLE_EVENT,
        "samples": [{"name": sample, "title": title} for sample, title in samples.TITLES.items()],
        "urls": {
            "sample": reverse("sample", args=["NAME"]),
            "test": reverse("test", args=[name]),
            "events": reverse("test-events", args=[name]),
            "icons": static("icons.svg"),
        },
    }
