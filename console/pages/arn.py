"""/a/<arn>: to the page of a function, a version, an alias, a layer, or where a mapping or capacity provider is."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.pages import access, alias, function_head, layer, mapping
from functions import lookup
from functions.actions import capacity_provider
from functions.arn import parse
from functions.errors import ServiceError


@access.page
@require_safe
def resolve(request: HttpRequest, arn: str) -> HttpResponse:
    """Also for names and partial ARNs, as AWS takes them. Raises Http404."""
    if ":layer:" in arn:
        return redirect(layer.page(request, arn))
    try:
        if ":event-source-mapping:" in arn:
            return redirect(mapping.page(access.caller(request), arn))
        if ":capacity-provider:" in arn:
            capacity_provider.find(access.caller(request), arn)
            return redirect("admin-capacity")
        meant = parse(arn, None, access.caller(request))
    except ServiceError:
        raise Http404(f"There is nothing with the ARN {arn} in this account and region.") from None
    function = function_head.find(request, meant.name)
    qualifier = meant.qualifier
    if not qualifier or qualifier == "$LATEST":
        return redirect("function", function.name)
    if function.aliases.filter(name=qualifier).exists():
        return redirect(alias.page(function.name, qualifier))
    number = lookup.version_number(qualifier)
    if number is not None and function.versions.filter(number=number).exists():
        return redirect(f"{reverse('function', args=[function.name])}?{urlencode({'qualifier': qualifier})}")
    raise Http404(f"{function.name} has no version or alias {qualifier}.")
