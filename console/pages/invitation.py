"""The page behind an invitation or a password link: no sign-in, the link is the proof."""

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from console.pages.settings.profile import NewPasswordForm
from functions.actions import invitation
from functions.errors import ResourceNotFoundException, ServiceError
from functions.models import User


@sensitive_variables("secret")
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, secret: str) -> HttpResponse:
    try:
        row = invitation.find(secret)
        user = row.user or User(username=row.user_name, email=row.email)
        form = NewPasswordForm(user, request.POST if request.method == "POST" else None)
        form.fields["new"].label, form.fields["again"].label = "Password", "Password, again"
        if request.method == "POST" and form.is_valid():
            try:
                user = invitation.accept(secret, form.cleaned_data["new"], settings.HEARTH_REGION)
            except ResourceNotFoundException:
                raise
            except ServiceError as error:
                form.refuse(error)
            else:
                login(request, user, backend="django.contrib.auth.backends.ModelBackend")
                return redirect("home")
    except ResourceNotFoundException as error:
        return render(request, "session/invitation_over.html", {"message": str(error)}, status=404)
    context = {"form": form, "invitation": row, "host": request.get_host()}
    return render(request, "session/invitation.html", context, status=400 if form.errors else 200)
