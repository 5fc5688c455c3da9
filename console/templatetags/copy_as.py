"""The buttons "Copy as" of a row, `{% copy_as "GetFunction" FunctionName=name %}`, and of a form, `{% copy_form %}`."""

import json
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from console.templatetags.hearth import icon

register = template.Library()


@register.simple_tag
def copy_as(operations: str, service: str = "lambda", label: str = "", note: str = "", **members: Any) -> SafeString:
    """The first of `operations` (names with commas between) and a way to the others, that take the same members.

    Members that are None or empty are left out. With a `label`, which tells one row from another, the button is an
    icon. `note` is shown beside the call.
    """
    given = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in members.items()
        if value is not None and value != ""
    }
    url = f"{reverse('copy-as', args=[service, operations])}?{urlencode(given)}"
    first = operations.partition(",")[0]
    spoken = format_html(' aria-label="Copy as a command: {} {}"', first, label) if label else ""
    return format_html(
        '<button class="btn btn-ghost btn-sm{}" type="button" data-copy-as="{}" data-note="{}" '
        'title="As a command: {}"{}>{}{}</button>',
        " btn-icon" if label else "",
        url,
        note,
        first,
        spoken,
        icon("term"),
        "" if label else "Copy as",
    )


@register.simple_tag
def copy_form() -> SafeString:
    """Within a form: what it would do with what is in it now."""
    return format_html(
        '<button class="btn btn-ghost" type="button" data-copy-form title="As a command, with what the form says now">'
        "{}Copy as</button>",
        icon("term"),
    )
