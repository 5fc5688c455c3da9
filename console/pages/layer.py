"""Layers: which there are, what is in a version, who uses it, and publishing the next one."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.pages import access, copy_as, notice
from console.pages.forms import AwsForm
from console.pages.operations import call
from console.pages.snippets import PACKAGE, Call
from functions.code import store
from functions.errors import ServiceError
from functions.execution.runtimes.table import RUNTIMES
from functions.limits import limits
from functions.models import LayerVersion

ON_A_PAGE = 50
MOST_FILES = 500  # listed of one version
MOST_USERS = 20  # versions of functions named on a layer's page
LONGEST = 256 * 1024  # bytes of a file that is shown
COMPATIBLE = [name for name, runtime in RUNTIMES.items() if not runtime.deprecated]


class PublishForm(AwsForm):
    member_fields = {"Content": "ZipFile", "CodeStorage": "ZipFile"}
    optional = ("Description", "LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures")

    LayerName = forms.CharField(
        label="Name",
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="A name that is there already gets its next version.",
    )
    LicenseInfo = forms.CharField(label="License", strip=True, help_text="MIT, an address, or the text itself.")
    Description = forms.CharField(strip=True, widget=forms.TextInput(attrs={"data_wide": True}))
    CompatibleRuntimes = forms.MultipleChoiceField(
        label="Compatible runtimes",
        choices=[(name, name) for name in COMPATIBLE],
        widget=forms.CheckboxSelectMultiple(attrs={"data_wide": True}),
        help_text="At most 15. They serve to find the layer; any function may use it.",
    )
    CompatibleArchitectures = forms.MultipleChoiceField(
        label="Compatible architectures",
        choices=[("x86_64", "x86_64"), ("arm64", "arm64")],
        widget=forms.CheckboxSelectMultiple(attrs={"data_wide": True}),
    )
    ZipFile = forms.FileField(
        label="Package",
        widget=forms.FileInput(
            attrs={"accept": ".zip,application/zip", "class": "input file-input", "data_wide": True}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ZipFile"].help_text = (
            f"A zip file of at most {limits().zipped_bytes // 1024 // 1024} MB: python/ for Python, "
            "nodejs/node_modules/ for Node.js, bin/ for programs, lib/ for libraries. Functions see it at /opt."
        )

    def members(self, package: bytes) -> dict[str, Any]:
        """The request of PublishLayerVersion."""
        data = self.cleaned_data
        return {
            "LayerName": data["LayerName"],
            "Description": data["Description"] or None,
            "LicenseInfo": data["LicenseInfo"] or None,
            "CompatibleRuntimes": data["CompatibleRuntimes"] or None,
            "CompatibleArchitectures": data["CompatibleArchitectures"] or None,
            "Content": {"ZipFile": package},
        }


@access.page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The layers of the account, each with its newest version that fits."""
    text = request.GET.get("q", "").strip().replace("\0", "")
    runtime = request.GET.get("runtime", "")
    rows = _versions(request).newest(runtime or None).filter(layer__name__icontains=text).order_by("layer__name")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    query = {name: value for name, value in (("q", text), ("runtime", runtime)) if value}
    context = {
        "section": "layers",
        "page": page,
        "versions": page.object_list,
        "runtimes": COMPATIBLE,
        "runtime": runtime,
        "text": text,
        "filters": query,
        "query": urlencode(query),
    }
    return render(request, "layer/index.html", context)


@access.page
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One version (`?version=`, else the newest): its facts, its files, one of them open (`?file=`), who uses it."""
    versions = list(_versions(request).filter(layer__name=name).order_by("-number"))
    if not versions:
        raise Http404(f"There is no layer {name}.")
    wanted = request.GET.get("version", "")
    version = next((each for each in versions if str(each.number) == wanted), None) if wanted else versions[0]
    if version is None:
        raise Http404(f"There is no version {wanted} of {name}.")
    paths = store.paths(version.package_id)
    users = version.users.filter(function__account=access.account(request)).order_by("function__name", "number")
    path = request.GET.get("file", "")
    context = {
        "section": "layers",
        "name": name,
        "version": version,
        "versions": versions,
        "files": [store.entry(version.package_id, each) for each in paths[:MOST_FILES]],
        "more": max(0, len(paths) - MOST_FILES),
        "users": users[:MOST_USERS],
        "more_users": max(0, users.count() - MOST_USERS),
        "path": path,
        "content": _content(version.package_id, path, paths) if path else "",
    }
    return render(request, "layer/show.html", context)


@access.changing_page
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """A new layer, or the next version of one (`?name=`), which brings what its newest version says of itself."""
    if request.method == "POST":
        form = PublishForm(request.POST, request.FILES)
        if copy_as.is_wanted(request):
            return copy_as.of_form(request, form, lambda: [Call("PublishLayerVersion", form.members(PACKAGE))])
        if form.is_valid() and (made := _publish(request, form)):
            return redirect("layer", made)
    else:
        form = PublishForm(initial=_initial(request, request.GET.get("name", "")))
    context = {"section": "layers", "form": form}
    return render(request, "layer/publish.html", context, status=400 if form.errors else 200)


@access.page
@require_POST
def delete(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Delete a version; functions that have it keep it."""
    version = find(request, name, number)
    try:
        call(access.caller(request), "DeleteLayerVersion", LayerName=name, VersionNumber=version.number)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
        return redirect(f"{reverse('layer', args=[name])}?version={number}")
    notice.done(request, f"Deleted version {number} of {name}.")
    if _versions(request).filter(layer__name=name).exists():
        return redirect("layer", name)
    return redirect("layers")


@access.page
@require_safe
def download(request: HttpRequest, name: str, number: int) -> FileResponse:
    version = find(request, name, number)
    file = store.zip_path(version.package_id).open("rb")
    return FileResponse(file, as_attachment=True, filename=f"{name}-{number}.zip", content_type="application/zip")


def page(request: HttpRequest, arn: str) -> str:
    """The address of what a layer's ARN, with or without a version, names. Raises Http404."""
    name, _, number = arn.partition(":layer:")[2].partition(":")
    rows = _versions(request).filter(layer__name=name).order_by("-number")
    if number:
        rows = rows.filter(number=int(number) if number.isdecimal() and len(number) < 10 else 0)
    version: LayerVersion | None = rows.first()
    if version is None or arn not in (version.arn, version.layer.arn):
        raise Http404(f"There is nothing with the ARN {arn} in this account and region.")
    return reverse("layer", args=[name]) + (f"?version={number}" if number else "")


def _versions(request: HttpRequest) -> Any:
    return LayerVersion.objects.select_related("layer", "package").filter(
        layer__account=access.account(request), layer__region=settings.HEARTH_REGION
    )


def find(request: HttpRequest, name: str, number: int) -> LayerVersion:
    version: LayerVersion | None = _versions(request).filter(layer__name=name, number=number).first()
    if version is None:
        raise Http404(f"There is no version {number} of {name}.")
    return version


def _publish(request: HttpRequest, form: PublishForm) -> str:
    """The layer's name; empty when the form now says what is wrong."""
    upload = form.cleaned_data["ZipFile"]
    try:
        made = call(access.caller(request), "PublishLayerVersion", **form.members(upload.read() if upload else b""))
    except ServiceError as error:
        form.refuse(error)
        return ""
    name = str(made["LayerArn"]).rpartition(":")[2]
    notice.done(request, f"Published version {made['Version']} of {name}.")
    return name


def _initial(request: HttpRequest, name: str) -> dict[str, Any]:
    newest = _versions(request).filter(layer__name=name.replace("\0", "")).order_by("-number").first()
    if newest is None:
        return {"LayerName": name}
    return {
        "LayerName": name,
        "Description": newest.description,
        "LicenseInfo": newest.license_info,
        "CompatibleRuntimes": newest.compatible_runtimes,
        "CompatibleArchitectures": newest.compatible_architectures,
    }


def _content(sha256: str, path: str, paths: Sequence[str]) -> str | None:
    """The text of a file; None when it is no text, or too long to be shown."""
    if path not in paths:
        raise Http404(f"There is no file {path}.")
    entry = store.entry(sha256, path)
    if entry.is_binary or entry.link or entry.size > LONGEST:
        return None
    try:
        return store.read_text(sha256, path)
    except (FileNotFoundError, UnicodeDecodeError):
        return None
