"""The buttons "Copy as" of a row, `{% copy_as "GetFunction" FunctionName=name %}`, and of a form, `{% copy_form %}`."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

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
    before, after = _button(operations, service, bool(label))
    said = f'{before}?{escape(urlencode(given))}" data-note="{escape(note)}'
    spoken = f'" aria-label="Copy as a command: {operations.partition(",")[0]} {escape(label)}' if label else ""
    return mark_safe(f'{said}{spoken}">{after}')  # noqa: S308 what is not ours is escaped


@cache
def _button(operations: str, service: str, is_icon: bool) -> tuple[str, str]:
    """What is the same in all rows of all lists, up to the address and behind the last attribute."""
    look = "btn btn-ghost btn-sm btn-icon" if is_icon else "btn btn-ghost btn-sm"
    title = f"As a command: {operations.partition(',')[0]}"
    address = reverse("copy-as", args=[service, operations])
    before = f'<button class="{look}" type="button" title="{title}" data-copy-as="{address}'
    return before, f"{icon('term')}{'' if is_icon else 'Copy as'}</button>"


@register.simple_tag
def copy_form() -> SafeString:
    """Within a form: what it would do with what is in it now."""
    return format_html(
        '<button class="btn btn-ghost" type="button" data-copy-form title="As a command, with what the form says now">'
        "{}Copy as</button>",
        icon("term"),
    )
