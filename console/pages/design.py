"""Each component once, light and dark, for those who build pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.pages import access
from console.pages.admin.users import InviteForm


@access.needs("hearth:ShowDesign")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    themes = []
    for theme in ("light", "dark"):
        form = InviteForm({"user_name": "a b", "email": "", "preset": "developer"}, auto_id=f"{theme}_%s")
        form.add_error("user_name", "1 to 64 letters, digits or any of _+=,.@- without spaces.")
        themes.append((theme, form))
    icons = ICONS.split()
    return render(request, "design/index.html", {"themes": themes, "icons": icons, "now": timezone.now()})


ICONS = (
    "bell bolt branch chart check chev chip clock coin cold copy down down2 err file filter fn folder gear home info "
    "layers link list lock log menu more pause play plus refresh search server shield sun tag term undo up updown user "
    "warn x zoom out trash edit"
)
