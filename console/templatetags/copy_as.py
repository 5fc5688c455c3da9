"""The component "Copy as": `{% load copy_as %}{% copy_as "PublishVersion" FunctionName=name %}`."""

import hashlib
from typing import Any

from django import template

from console.pages.copy_as import snippets

register = template.Library()


@register.inclusion_tag("components/copy_as.html", takes_context=True)
def copy_as(context: template.Context, operation: str, **members: Any) -> dict[str, Any]:
    """The members are those of the operation's request."""
    found = snippets(context["request"], operation, members)
    key = hashlib.sha256(found[0].text.encode()).hexdigest()[:10]
    return {"snippets": found, "key": f"copy-{key}", "operation": operation}
