"""Creating a function: from code typed here, a zip, or a blueprint."""

import shutil
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.pages import access, copy_as, package
from console.pages.config.image import LinesField, image_config
from console.pages.forms import AwsForm, VariablesField, default_role, role_choices, variables_text
from console.pages.image import URI_HELP, UriField
from console.pages.operations import call
from console.pages.runtimes import RuntimeSelect, choices, offer
from console.pages.snippets import PACKAGE, Call
from functions.access.caller import Caller
from functions.actions import function_url
from functions.actions.test_event import save_test_event
from functions.blueprints import catalogue
from functions.blueprints.catalogue import Blueprint
from functions.errors import ServiceError
from functions.limits import limits
from functions.models import Account, Function

# The file that typed code goes to, by family, and what it is at first.
INLINE = {
    "python": ("app.py", "hello-python"),
    "nodejs": ("index.mjs", "hello-nodejs"),
    "ruby": ("app.rb", "hello-ruby"),
    "provided": ("bootstrap", "hello-shell"),
}
SOURCES = [
    ("inline", "Write code"),
    ("zip", "Upload a zip"),
    ("image", "Container image"),
    ("blueprint", "Use a blueprint"),
]
# What a container image brings itself, and what is said of nothing else.
PACKAGED, IMAGED = ("Runtime", "Handler"), ("ImageUri", "EntryPoint", "Command", "WorkingDirectory")


class CreateForm(AwsForm):
    member_fields = {
        "ImageConfig": "EntryPoint",
        "Code": "ZipFile",
        "CodeStorage": "ZipFile",
        "Variables": "Environment",
    }
    optional = ("Description", "Environment", "EntryPoint", "Command", "WorkingDirectory")
    needed = ("MemorySize", "Timeout")

    FunctionName = forms.CharField(
        label="Name",
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
        help_text="Letters, digits, hyphens and underscores, at most 64.",
    )
    Runtime = forms.ChoiceField(label="Runtime", widget=RuntimeSelect)
    Handler = forms.CharField(widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}))
    Role = forms.ChoiceField(label="Execution role")
    MemorySize = forms.IntegerField(label="Memory, MB", initial=128)
    Timeout = forms.IntegerField(label="Timeout, seconds", initial=3)
    Description = forms.CharField(strip=True)
    Environment = VariablesField(
        label="Environment variables", help_text="NAME=value, one a line. A .env file can be pasted."
    )
    ZipFile = forms.FileField(
        label="Package",
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip", "class": "input file-input"}),
    )
    ImageUri = UriField(label="Image", help_text=URI_HELP)
    EntryPoint = LinesField(label="Entry point", help_text="In place of the image's ENTRYPOINT, one argument a line.")
    Command = LinesField(help_text="In place of the image's CMD, one argument a line.")
    WorkingDirectory = forms.CharField(
        label="Working directory",
        help_text="In place of the image's WORKDIR.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    source_text = forms.CharField(
        label="Code",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "area code-area"}),
    )

    def __init__(self, account: Account, source: str, blueprint: Blueprint | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        self.blueprint = blueprint
        family = blueprint.family if blueprint else ""
        for name in PACKAGED if source == "image" else IMAGED:
            del self.fields[name]
        runtime = self.fields.get("Runtime")
        if runtime is not None:
            assert isinstance(runtime, forms.ChoiceField)
            offer(runtime, choices(account.pk, family=family, only=blueprint.runtime if blueprint else ""), family)
        role = self.fields["Role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = role_choices(account)
        self.fields["ZipFile"].help_text = f"A zip file of at most {limits().zipped_bytes // 1024 // 1024} MB."
        if source != "zip":
            del self.fields["ZipFile"]
        if source != "inline":
            del self.fields["source_text"]
        else:
            self.member_fields = {**self.member_fields, "ZipFile": "source_text", "Code": "source_text"}

    def clean_Runtime(self) -> str:
        runtime: str = self.cleaned_data["Runtime"]
        if self.source == "inline" and not runtime.startswith(tuple(INLINE)):
            raise forms.ValidationError(f"Code of {runtime} is compiled first: upload a zip of what comes of it.")
        return runtime

    def calls(self) -> list[Call]:
        """What is created; the package is the file that the caller has."""
        calls = [Call("CreateFunction", self.members({"ZipFile": PACKAGE}))]
        if self.blueprint is not None and self.blueprint.function_url:
            members = {"FunctionName": self.cleaned_data["FunctionName"], "AuthType": "NONE"}
            calls.append(Call("CreateFunctionUrlConfig", members))
            name = {"FunctionName": members["FunctionName"]}
            calls += [Call("AddPermission", {**name, **permission}) for permission in function_url.PUBLIC]
        return calls

    def members(self, package: dict[str, Any]) -> dict[str, Any]:
        """The request of CreateFunction; `package` is its code, if that is no image."""
        data = self.cleaned_data
        if self.source == "image":
            made: dict[str, Any] = {"PackageType": "Image", "Code": {"ImageUri": data["ImageUri"]}}
            made["ImageConfig"] = image_config(data) or None
        else:
            made = {"Runtime": data["Runtime"] or None, "Handler": data["Handler"], "Code": package}
        return {
            "FunctionName": data["FunctionName"],
            **made,
            "Role": data["Role"],
            "Description": data["Description"] or None,
            "MemorySize": data["MemorySize"],
            "Timeout": data["Timeout"],
            "Environment": {"Variables": data["Environment"]} if data["Environment"] else None,
        }

    def package(self) -> dict[str, Any]:
        return {} if self.source == "image" else {"ZipFile": self.zip_bytes()}

    def zip_bytes(self) -> bytes:
        if self.source == "zip":
            upload = self.cleaned_data["ZipFile"]
            return upload.read() if upload else b""
        if self.blueprint is not None:
            return package.pack(self.blueprint.files())
        runtime = self.cleaned_data["Runtime"]
        family = _family(runtime)
        if family == "provided":
            return package.pack({INLINE[family][0]: self.cleaned_data["source_text"].replace("\r\n", "\n").encode()})
        module = self.cleaned_data["Handler"].rpartition(".")[0]
        suffix = INLINE[family][0].rpartition(".")[2]
        # The handler names the file: app.handler is app.py.
        plain = module and all(char.isalnum() or char in "_-" for char in module)
        path = f"{module}.{suffix}" if plain else INLINE[family][0]
        return package.pack({path: self.cleaned_data["source_text"].replace("\r\n", "\n").encode()})


@access.changing_page
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    blueprint = _blueprint(request.GET.get("blueprint", ""))
    source = "blueprint" if blueprint else request.GET.get("source", "inline")
    if source not in dict(SOURCES):
        source = "inline"
    account = access.account(request)
    if request.method == "POST" and (blueprint or source != "blueprint"):
        form = CreateForm(account, source, blueprint, request.POST, request.FILES)
        if copy_as.is_wanted(request):
            return copy_as.of_form(request, form, form.calls)
        if form.is_valid():
            name = _create(request, form)
            if name:
                return redirect("code", name)
        return _show(request, form, source, blueprint, status=400)
    form = CreateForm(account, source, blueprint, initial=_initial(request, account, blueprint))
    return _show(request, form, source, blueprint)


def _create(request: HttpRequest, form: CreateForm) -> str:
    """The new function's name; empty when the form now says what is wrong."""
    caller = access.caller(request)
    blueprint = form.blueprint
    try:
        answer = call(caller, "CreateFunction", **form.members(form.package()))
    except ServiceError as error:
        form.refuse(error)
        return ""
    name: str = answer["FunctionName"]
    if blueprint is not None:
        function = Function.objects.get(account_id=caller.account_id, region=caller.region, name=name)
        save_test_event(caller, function, blueprint.name, blueprint.event)
        if blueprint.function_url:
            _open(request, caller, name)
            return name
    messages.success(request, f"Created {name}.", extra_tags="ok")
    return name


def _open(request: HttpRequest, caller: Caller, name: str) -> None:
    """Give the new function a URL for everybody."""
    try:
        url = call(caller, "CreateFunctionUrlConfig", FunctionName=name, AuthType="NONE")["FunctionUrl"]
        for permission in function_url.PUBLIC:
            call(caller, "AddPermission", FunctionName=name, **permission)
    except ServiceError as error:
        messages.error(request, f"Created {name}, but not its public URL: {error}", extra_tags="err")
    else:
        messages.success(request, f"Created {name} with a public URL: {url}", extra_tags="ok")


def _show(
    request: HttpRequest, form: CreateForm, source: str, blueprint: Blueprint | None, *, status: int = 200
) -> HttpResponse:
    here = reverse("create")
    name = form["FunctionName"].value() or ""
    kept = {"name": name} if name else {}
    context = {
        "form": form,
        "section": "functions",
        "source": source,
        "blueprint": blueprint,
        "blueprints": [
            (each, f"{here}?{urlencode({'blueprint': each.name, **kept})}", _can_run(access.account(request), each))
            for each in catalogue.all()
        ],
        "sources": [(key, label, f"{here}?{urlencode({'source': key, **kept})}") for key, label in SOURCES],
        "templates": {
            family: {"file": INLINE[family][0], "handler": _template(family).handler, "code": _sample(family)}
            for family in INLINE
        },
    }
    return render(request, "function/create.html", context, status=status)


def _initial(request: HttpRequest, account: Account, blueprint: Blueprint | None) -> dict[str, Any]:
    runtimes = choices(
        account.pk, family=blueprint.family if blueprint else "", only=blueprint.runtime if blueprint else ""
    )
    runtime = runtimes[0][0] if runtimes else ""
    family = _family(runtime)
    values: dict[str, Any] = {
        "FunctionName": request.GET.get("name", ""),
        "Runtime": runtime,
        "Role": default_role(account),
        "Handler": _template(family).handler,
        "source_text": _sample(family),
    }
    if blueprint is not None:
        values |= {
            "FunctionName": values["FunctionName"] or blueprint.name,
            "Handler": blueprint.handler,
            "MemorySize": blueprint.memory,
            "Timeout": blueprint.timeout,
            "Description": blueprint.description,
            "Environment": variables_text(blueprint.environment),
        }
    return values


def _family(runtime: str) -> str:
    """Whose sample code a runtime starts from."""
    return next((family for family in INLINE if runtime.startswith(family)), "python")


def _template(family: str) -> Blueprint:
    blueprint = catalogue.get(INLINE[family][1])
    assert blueprint is not None
    return blueprint


def _sample(family: str) -> str:
    return _template(family).files()[INLINE[family][0]].decode()


def _can_run(account: Account, blueprint: Blueprint) -> bool:
    here = not blueprint.program or shutil.which(blueprint.program) is not None
    return here and bool(choices(account.pk, family=blueprint.family, only=blueprint.runtime))


def _blueprint(name: str) -> Blueprint | None:
    if not name:
        return None
    found = catalogue.get(name)
    if found is None:
        raise Http404(f"There is no blueprint {name}.")
    return found
