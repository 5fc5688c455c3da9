"""The audit log of the account: who changed what, when. Filters and place are in the URL."""

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.pages import access
from console.pages.admin import layout
from functions.models import AuditEntry

PAGE = 50
LARGEST = 2**63 - 1


@access.needs("hearth:ListAuditEntries")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Newest first. `before` is the id of the last row of the page before: new rows do not shift what one reads."""
    filters = {name: request.GET.get(name, "").strip()[:400] for name in ("resource", "actor", "action")}
    filters = {name: value.replace("\0", "") for name, value in filters.items() if value}
    rows = AuditEntry.objects.filter(account_id=access.account(request).pk)
    if "resource" in filters:
        rows = rows.filter(resource__icontains=filters["resource"])
    if "actor" in filters:
        rows = rows.filter(actor=filters["actor"])
    if "action" in filters:
        rows = rows.filter(action__icontains=filters["action"])
    before = request.GET.get("before", "")
    is_later = before.isdecimal() and int(before) <= LARGEST
    if is_later:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    context: dict[str, Any] = {
        "rows": [(row, _detail(row.detail)) for row in shown],
        "filters": filters,
        "newest": "?" + urlencode(filters) if is_later else "",
        "older": "?" + urlencode({**filters, "before": shown[-1].pk}) if len(found) > PAGE else "",
    }
    return layout.show(request, "audit", context)


def _detail(detail: Any) -> str:
    return json.dumps(detail, indent=2, ensure_ascii=False, default=str) if detail else ""
