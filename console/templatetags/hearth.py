"""Template filters and tags of the console."""

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

register = template.Library()

NARROW_SPACE = "\u202f"


@register.simple_tag
@cache  # a list has hundreds
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of static/icons.svg. Decoration: what it means must stand beside it or in an aria-label."""
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" {extra}" if extra else "",
        static("icons.svg"),
        name,
    )


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, kind: str = "") -> dict[str, Any]:
    return {"field": bound, "kind": kind}


@register.filter
def compact(value: float | None) -> str:
    """1204 -> 1,204; 18400 -> 18.4k."""
    if value is None:
        return ""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            scale = 1e3 if unit == "k" else limit
            return f"{value / scale:.1f}{unit}"
    return f"{value:,.0f}"


@register.filter
def version(label: str) -> str:
    """A version's label among other text: v7, but $LATEST."""
    return label if label.startswith("$") else f"v{label}"


@register.filter
def milliseconds(value: float | None) -> str:
    """Milliseconds as a person reads them: 0.84 ms, 212 ms, 1.94 s."""
    if value is None:
        return ""
    if value < 10:
        return f"{value:.2f} ms"
    if value < 1000:
        return f"{value:.0f} ms"
    return f"{value / 1000:.2f} s" if value < 100_000 else f"{value / 1000:.0f} s"


@register.filter
def percent(value: float | None) -> str:
    """A share of 0 to 1 in per cent."""
    if value is None:
        return ""
    number = value * 100
    digits = f"{number:.2f}".rstrip("0").rstrip(".")
    return f"{digits}{NARROW_SPACE}%"


@register.filter
def signed(value: float) -> str:
    """A change: +18, −0.02."""
    number = f"{abs(value):.2f}" if abs(value) < 10 else f"{abs(value):.0f}"
    return number if float(number) == 0 else f"{'+' if value > 0 else '−'}{number}"


@register.filter
def weight(value: float) -> str:
    """A share of 0 to 1 as a number of per cent for CSS and inputs: 12.5."""
    return f"{value * 100:.2f}".rstrip("0").rstrip(".")


@register.filter
def rest(share: float) -> float:
    """What a share of 0 to 1 leaves."""
    return 1 - share


@register.filter
def size(value: float | None) -> str:
    """Bytes: 812 B, 38 KB, 4.1 MB."""
    if value is None:
        return ""
    if value < 1024:
        return f"{value:.0f} B"
    if value < 1024 * 1024:
        return f"{value / 1024:.0f} KB"
    return f"{value / 1024 / 1024:.1f} MB"


@register.filter
def ago(value: datetime | None) -> str | SafeString:
    """Relative time, the absolute one on hover."""
    if value is None:
        return ""
    seconds = (timezone.now() - value).total_seconds()
    if seconds < 45:
        text = "just now"
    elif seconds < 3600:
        text = f"{max(1, round(seconds / 60))} min ago"
    elif seconds < 86_400:
        text = f"{round(seconds / 3600)} h ago"
    elif seconds < 60 * 86_400:
        text = f"{round(seconds / 86_400)} d ago"
    else:
        text = f"{timesince(value).split(',')[0]} ago"
    return _time(value, text)


@register.filter
def moment(value: datetime) -> SafeString:
    """A time of a list: 21 Nov 17:42:03, UTC, the year on hover."""
    at = value.astimezone(UTC)
    return _time(at, f"{at.day} {at:%b %H:%M:%S}")


def _time(value: datetime, text: str) -> SafeString:
    """`text` is one of ours."""
    at = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return mark_safe(f'<time datetime="{value.isoformat()}" title="{at} UTC">{text}</time>')  # noqa: S308


@register.filter
def zoned(value: datetime) -> str:
    """A time in its own time zone: Fri 20 Nov 2026, 09:00 Europe/Berlin."""
    return f"{value:%a %d %b %Y, %H:%M:%S} {value.tzinfo}".replace(":00 ", " ")


@register.filter
def clock(epoch_ms: int | None) -> str:
    """Epoch milliseconds as 14:58:07.118, UTC."""
    if epoch_ms is None:
        return ""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]


@register.filter
def short_arn(value: str) -> str:
    """arn:aws:lambda…:orders-checkout. The whole one belongs into a title and a copy button."""
    parts = value.split(":")
    return value if len(parts) < 7 else f"{':'.join(parts[:3])}…:{':'.join(parts[6:])}"


@register.filter
def initials(value: str) -> str:
    words = [word for word in value.replace("-", " ").replace(".", " ").split() if word]
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def grouped(account_id: str) -> str:
    """An account number in groups of four."""
    return " ".join(account_id[start : start + 4] for start in range(0, len(account_id), 4))


@register.filter
def in_words(label: str) -> str:
    """A range's label inside a sentence: Last 3 hours -> the last 3 hours."""
    return f"the {label[0].lower()}{label[1:]}" if label.startswith("Last") else label


@register.filter
def item(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)


@register.filter
def unlocalised(value: float) -> str:
    """A number for CSS."""
    return f"{value:.3f}"


# The parts of JSON text after escaping: a string (a key when a colon follows) or a number, true, false, null.
JSON_PART = re.compile(r"(&quot;(?:[^&\\]|\\.|&(?!quot;))*&quot;)(\s*:)?|(?<![\w.])(-?\d[\d.eE+-]*|true|false|null)\b")
COLOURED = 100_000  # characters; beyond it colours cost more than they help


@register.filter
def json_colours(value: str) -> SafeString:
    """JSON text in the colours of code. Escaped first: only our own spans are added."""
    escaped = conditional_escape(value)
    if len(escaped) > COLOURED:
        return escaped
    return mark_safe(JSON_PART.sub(_coloured, escaped))  # noqa: S308 escaped above


def _coloured(found: re.Match[str]) -> str:
    if found[1] and found[2]:
        return f'<span class="f">{found[1]}</span>{found[2]}'
    return f'<span class="s">{found[1]}</span>' if found[1] else f'<span class="n">{found[3]}</span>'


@register.filter
def json_class(value: str) -> str:
    """The colour of one JSON value."""
    return "s" if value.startswith('"') else "n"
