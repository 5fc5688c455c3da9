"""Which operations of the Lambda API are served: made from the service model and the table of operations."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.gateway import coverage
from console.gateway.coverage import Status
from console.pages import access
from console.pages.admin import layout


@access.needs("hearth:ListLimits")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """`status` and `q` (part of a name) filter."""
    rows = coverage.of_lambda()
    status, text = request.GET.get("status", ""), request.GET.get("q", "").strip()
    context = {
        "rows": [row for row in rows if status in ("", row.status) and text.lower() in row.name.lower()],
        "counts": [(each.value, sum(row.status is each for row in rows)) for each in Status],
        "total": len(rows),
        "status": status,
        "text": text,
    }
    return layout.show(request, "operations", context)
