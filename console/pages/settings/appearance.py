"""Light, dark or as the system: kept with the user, so that every browser shows it from the first paint."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from console.pages import access, notice
from console.pages.settings import layout
from console.pages.settings.profile import person
from functions.actions import user as users
from functions.errors import ServiceError
from functions.models import User


@access.own_page
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """GET: the page. POST `theme`: keep it; asked for by script (Accept: application/json) the answer is JSON."""
    user = person(request)
    by_script = request.headers.get("Accept") == "application/json"
    problem = ""
    if request.method == "POST":
        try:
            users.choose_theme(user, request.POST.get("theme", ""))
        except ServiceError as error:
            problem = str(error)
        else:
            if not by_script:
                notice.done(request, "Appearance: saved.")
                return redirect("settings-appearance")
    if by_script:
        return JsonResponse({"message": problem}, status=400 if problem else 200)
    context = {"themes": User.Theme.choices, "chosen": user.theme or User.Theme.SYSTEM, "problem": problem}
    return layout.show(request, "appearance", context, status=400 if problem else 200)
