"""What the role presets allow. Each is a policy document; the next one has all of the one before.

Actions are AWS's, as the operations of the API need them, and `hearth:*` for pages of the console that AWS has no
operation for. Changes that the console makes are operations of the API and need the same actions.
"""

from functools import lru_cache
from typing import Any

from functions.access.evaluation import ANONYMOUS, Statement, allowed, compiled
from functions.models import Membership

Preset = Membership.Preset

READ = [
    "lambda:Get*",
    "lambda:List*",
    "logs:Describe*",
    "logs:Filter*",
    "logs:Get*",
    "logs:List*",
    "cloudwatch:Describe*",
    "cloudwatch:Get*",
    "cloudwatch:List*",
    "iam:Get*",
    "iam:List*",
]
# Functions and all that belongs to them: made, changed, called.
DEVELOP = [
    *READ,
    "lambda:*",
    "logs:*",
    "cloudwatch:*",
    "iam:PassRole",
    "hearth:ListRuntimes",
    "hearth:ListLimits",
    "hearth:PurgeEvents",
    "hearth:RedriveEvents",
]
# Also what functions may do elsewhere (roles), and what runs them.
OPERATE = [
    *DEVELOP,
    "iam:*Role*",
    "iam:*Polic*",
    "hearth:ListWorkers",
    "hearth:ListAuditEntries",
    "hearth:RecycleEnvironments",
]


def _document(actions: list[str]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}


DOCUMENTS: dict[str, dict[str, Any]] = {
    Preset.VIEWER: _document(READ),
    Preset.DEVELOPER: _document(DEVELOP),
    Preset.OPERATOR: _document(OPERATE),
    Preset.ADMIN: _document(["*"]),
}
# For forms: what a person may do, in words.
MEANINGS: dict[str, str] = {
    Preset.VIEWER: "Reads functions, logs and metrics; changes and calls nothing.",
    Preset.DEVELOPER: "Makes, changes, calls and deletes functions.",
    Preset.OPERATOR: "As a developer; also IAM roles and policies, workers and the audit log.",
    Preset.ADMIN: "Everything, users included.",
}
# What AWS asks no permission for.
ALWAYS = frozenset({"sts:GetCallerIdentity"})

_policies: dict[str, tuple[Statement, ...]] = {str(name): compiled(document) for name, document in DOCUMENTS.items()}


@lru_cache(maxsize=4096)
def allows(preset: str, action: str) -> bool:
    """Whether a member of this preset may do `action` (`lambda:InvokeFunction`). No preset, no permission.

    Presets name no resources, so the answer depends on nothing else and is kept: 0.1 µs.
    """
    if action in ALWAYS:
        return True
    return allowed(_policies.get(preset, ()), ANONYMOUS, action, "*", {})
