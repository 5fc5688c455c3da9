"""Capacity providers: named pools of workers. Made, changed and deleted; which workers and functions are of each."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import redis
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.pages import access, copy_as, notice
from console.pages.admin import layout
from console.pages.forms import AwsForm, role_choices
from console.pages.operations import call
from console.pages.snippets import Call
from functions.actions import capacity_provider
from functions.errors import ResourceNotFoundException, ServiceError
from functions.invoke import nodes
from functions.models import Account, CapacityProvider, FunctionVersion

NEEDS = "hearth:ListLimits"


@dataclass(frozen=True)
class Row:
    provider: CapacityProvider
    workers: int | None  # None: the broker cannot be asked
    versions: int

    @property
    def architecture(self) -> str:
        return ", ".join(self.provider.members.get("InstanceRequirements", {}).get("Architectures", []))

    @property
    def most(self) -> int | None:
        """vCPUs."""
        found: int | None = self.provider.members.get("CapacityProviderScalingConfig", {}).get("MaxVCpuCount")
        return found


class ScalingForm(AwsForm):
    """The members of UpdateCapacityProvider that mean something to who starts the machines."""

    member_fields = {"CapacityProviderScalingConfig": "MaxVCpuCount"}
    needed: ClassVar[tuple[str, ...]] = ("MaxVCpuCount",)

    MaxVCpuCount = forms.IntegerField(
        label="At most, vCPUs", help_text="2 to 15,000. Kept for whoever starts the machines: none is started here."
    )

    def call(self, name: str) -> Call:
        return Call("UpdateCapacityProvider", {"CapacityProviderName": name, **self.scaling()})

    def scaling(self) -> dict[str, Any]:
        most = self.cleaned_data["MaxVCpuCount"]
        return {"CapacityProviderScalingConfig": None if most is None else {"MaxVCpuCount": most}}


class ProviderForm(ScalingForm):
    """The members of CreateCapacityProvider."""

    field_order = ("CapacityProviderName", "CapacityProviderOperatorRoleArn", "SubnetIds", "SecurityGroupIds")
    member_fields = {
        **ScalingForm.member_fields,
        "PermissionsConfig": "CapacityProviderOperatorRoleArn",
        "VpcConfig": "SubnetIds",
        "InstanceRequirements": "Architectures",
    }
    optional = ("SecurityGroupIds", "MaxVCpuCount")
    needed = ()

    CapacityProviderName = forms.CharField(label="Name", widget=forms.TextInput(attrs={"spellcheck": "false"}))
    CapacityProviderOperatorRoleArn = forms.ChoiceField(
        label="Operator role", help_text="That of whoever manages the machines."
    )
    SubnetIds = forms.CharField(label="Subnets", help_text="subnet-0a1b2c3d, with commas between. Kept, not used.")
    SecurityGroupIds = forms.CharField(label="Security groups", help_text="sg-0a1b2c3d. Kept, not used.")
    Architectures = forms.ChoiceField(
        label="Architecture",
        choices=[("", "That of each function"), ("x86_64", "x86_64"), ("arm64", "arm64")],
        help_text="Functions of another one are refused.",
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["CapacityProviderOperatorRoleArn"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = role_choices(account)

    def new(self) -> Call:
        data = self.cleaned_data
        architecture = data["Architectures"]
        members = {
            "CapacityProviderName": data["CapacityProviderName"],
            "VpcConfig": {name: _listed(data[name]) for name in ("SubnetIds", "SecurityGroupIds")},
            "PermissionsConfig": {"CapacityProviderOperatorRoleArn": data["CapacityProviderOperatorRoleArn"]},
            "InstanceRequirements": {"Architectures": [architecture]} if architecture else None,
        }
        return Call("CreateCapacityProvider", {**members, **self.scaling()})

    def refuse(self, error: ServiceError) -> None:
        """Both lists are in one member: the message says which."""
        if error.field == "VpcConfig" and "ecurityGroupIds" in (error.message or ""):
            self.add_error("SecurityGroupIds", error.message or error.code)
        else:
            super().refuse(error)


@access.needs(NEEDS)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    account = access.account(request)
    try:
        workers = Counter(node.capacity_provider.rpartition(":")[2] for node in nodes.live())
    except redis.RedisError:
        workers = None
    used = Counter(
        FunctionVersion.objects.filter(function__account=account, function__region=settings.HEARTH_REGION)
        .exclude(capacity_provider="")
        .values_list("capacity_provider", flat=True)
    )
    rows = [
        Row(provider, None if workers is None else workers[provider.name], used[provider.name])
        for provider in CapacityProvider.objects.filter(account=account, region=settings.HEARTH_REGION)
    ]
    return layout.show(request, "capacity", {"rows": rows})


@access.needs("lambda:CreateCapacityProvider")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = ProviderForm(access.account(request), request.POST if request.method == "POST" else None)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [form.new()])
    if form.is_bound and form.is_valid() and _done(request, form, form.new(), "created"):
        return redirect("admin-capacity")
    return layout.show(request, "capacity", {"form": form}, status=400 if form.errors else 200)


@access.needs("lambda:UpdateCapacityProvider")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, name: str) -> HttpResponse:
    try:
        provider = capacity_provider.find(access.caller(request), name)
    except ResourceNotFoundException:
        notice.refused(request, f"There is no capacity provider {name}.")
        return redirect("admin-capacity")
    initial = {"MaxVCpuCount": Row(provider, None, 0).most}
    form = ScalingForm(request.POST if request.method == "POST" else None, initial=initial)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [form.call(name)])
    if form.is_bound and form.is_valid() and _done(request, form, form.call(name), "saved"):
        return redirect("admin-capacity")
    context = {"form": form, "provider": provider}
    return layout.show(request, "capacity", context, status=400 if form.errors else 200)


@access.needs("lambda:DeleteCapacityProvider")
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    try:
        call(access.caller(request), "DeleteCapacityProvider", CapacityProviderName=name)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, f"Deleted capacity provider {name}.")
    return redirect("admin-capacity")


def _done(request: HttpRequest, form: ScalingForm, wanted: Call, said: str) -> bool:
    """Whether it was taken; if not, the form says why."""
    try:
        call(access.caller(request), wanted.operation, **wanted.members)
    except ServiceError as error:
        form.refuse(error)
        return False
    notice.done(request, f"Capacity provider {wanted.members['CapacityProviderName']} {said}.")
    return True


def _listed(text: str) -> list[str]:
    return [each for each in re.split(r"[\s,]+", text) if each]
