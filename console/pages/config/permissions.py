import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms

from console.pages import permission
from console.pages.config.base import ConfigurationForm
from console.pages.forms import role_choices
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions import models
from functions.access import aws_policies


@dataclass(frozen=True)
class Document:
    """One policy of a role. Without text: AWS's own, which is known here by its name only."""

    title: str
    kind: str
    text: str


class PermissionsForm(ConfigurationForm):
    aside = "function/config/role.html"

    Role = forms.ChoiceField(
        label="Execution role", help_text="Whose credentials the code finds in its environment while it runs."
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"Role": head.version.role}, **kwargs)
        self.head = head
        role = self.fields["Role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = role_choices(head.function.account, head.version.role)

    @cached_property
    def role(self) -> models.Role | None:
        """The role that is in force, not the one chosen in the form."""
        name = self.head.version.role.rpartition("/")[2]
        found = models.Role.objects.filter(account_id=self.head.function.account_id, name=name).first()
        return found if found and found.arn == self.head.version.role else None

    @cached_property
    def policy(self) -> models.ResourcePolicy | None:
        return permission.find(self.head)

    @property
    def statements(self) -> list[permission.Row]:
        return permission.rows(self.policy)

    @property
    def policy_text(self) -> str:
        return permission.pretty(self.policy)

    @cached_property
    def documents(self) -> list[Document]:
        if self.role is None:
            return []
        inline = [
            Document(each.name, "Inline policy", pretty(each.document))
            for each in self.role.inline_policies.order_by("name")
        ]
        arns = list(self.role.attached_policies.order_by("arn").values_list("arn", flat=True))
        known = {arn: json.dumps(document) for arn, document in aws_policies.DOCUMENTS.items()}
        for each in models.ManagedPolicy.objects.filter(account_id=self.role.account_id):
            known[each.arn] = each.document
        attached = [Document(arn, "Attached policy", pretty(known.get(arn, ""))) for arn in arns]
        return [*inline, *attached, Document("Trust policy", "Who may assume it", pretty(self.role.trust_policy))]

    def calls(self, head: Head) -> list[Call]:
        members = {"FunctionName": head.function.name, "Role": self.cleaned_data["Role"]}
        return [Call("UpdateFunctionConfiguration", members)]

    def said(self) -> str:
        return "Execution role saved."


def pretty(document: str) -> str:
    try:
        return json.dumps(json.loads(document), indent=2, ensure_ascii=False)
    except ValueError:
        return document
