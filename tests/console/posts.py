"""Every route of the console that takes a POST: an example that works, what it keeps, and who may send it.

Tests of bad input and of permissions go through this table; one that has neither a row nor a stated reason fails them.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from django.urls import URLPattern, URLResolver, get_resolver

from console.pages.operations import call
from functions import egress
from functions.execution.runtimes.discovery import installed
from functions.execution.runtimes.table import RUNTIMES
from functions.models import (
    AccessKey,
    Alias,
    AuditEntry,
    CapacityProvider,
    EventInvokeConfig,
    EventSourceMapping,
    Function,
    FunctionUrl,
    FunctionVersion,
    Invitation,
    LayerVersion,
    Membership,
    ProvisionedConcurrency,
    ResourcePolicy,
    Schedule,
    StandIn,
    TestEvent,
    User,
)
from tests.console.conftest import RUNTIME, TEAM, Person, role, zipped

Preset = Membership.Preset
# A runtime of RUNTIME's language that this machine does not have.
MISSING = next(
    each.id
    for each in reversed(RUNTIMES.values())
    if each.family == "python" and not each.deprecated and each.id not in installed()
)
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"lambda:GetFunction",'
    f'"Resource":"arn:aws:lambda:us-east-1:{TEAM}:function:f"}}]}}'
)


@dataclass
class World:
    """A function with all that pages change. `names` fill the addresses of the table."""

    alice: Person
    names: dict[str, str]

    @property
    def function(self) -> Function:
        return Function.objects.get(name="f")

    @property
    def latest(self) -> FunctionVersion:
        return self.function.versions.get(number=0)


@dataclass(frozen=True)
class Post:
    """`fields` is a post that is taken. `kept` reads what a success stored of them.

    `says`: where a refusal is read: at the `field`, above the `form`, in a `notice` on the page one comes back to (of
    buttons, and of confirmations, which are to be typed anew), or by scripts as `json`.
    """

    path: str
    fields: dict[str, str] = field(default_factory=dict)
    kept: Callable[[World], Mapping[str, object]] | None = None
    says: str = "field"
    least: Preset | None = Preset.DEVELOPER  # the least role that may; None: anybody, for himself
    choices: tuple[str, ...] = ()  # fields that are chosen, not typed
    secret: tuple[str, ...] = ()  # typed, and not shown again
    hidden: tuple[str, ...] = ()  # sent by the page, not by the person: a message anywhere will do
    free: tuple[str, ...] = ()  # whatever they hold is taken: what it does shows elsewhere
    filled: tuple[str, ...] = ()  # empty, it has another meaning
    blames: dict[str, str] = field(default_factory=dict)  # a wrong value of one shows at the other
    empty: dict[str, str] = field(default_factory=dict)  # what is kept when the field is left empty


def audited(*members: str) -> Callable[[World], Mapping[str, object]]:
    def read(world: World) -> Mapping[str, object]:
        entry = AuditEntry.objects.order_by("pk").last()
        assert entry is not None
        return {member: entry.detail.get(member) for member in members}

    return read


def created(world: World) -> Mapping[str, object]:
    function = Function.objects.exclude(name="f").get()
    latest = function.versions.get(number=0)
    return {
        "FunctionName": function.name,
        "Runtime": latest.runtime,
        "Handler": latest.handler,
        "Role": latest.role,
        "MemorySize": latest.memory_size,
        "Timeout": latest.timeout,
        "Description": latest.description,
        "Environment": "\n".join(f"{name}={value}" for name, value in latest.environment.items()),
        "source_text": None,
    }


def general(world: World) -> Mapping[str, object]:
    latest = world.latest
    return {
        "Description": latest.description,
        "Runtime": latest.runtime,
        "Handler": latest.handler,
        "MemorySize": latest.memory_size,
        "Timeout": latest.timeout,
        "EphemeralStorage": latest.ephemeral_storage,
        "SnapStart": "PublishedVersions" if latest.snap_start else "None",
    }


def pair(member: str, pairs: Callable[[World], Mapping[str, str]]) -> Callable[[World], Mapping[str, object]]:
    def read(world: World) -> Mapping[str, object]:
        name, value = next(iter(pairs(world).items()), ("", ""))
        return {f"{member}-name": name, f"{member}-value": value}

    return read


def asynchronous(world: World) -> Mapping[str, object]:
    row = EventInvokeConfig.objects.get(qualifier="$LATEST")
    return {
        "MaximumRetryAttempts": row.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": row.maximum_event_age,
        "OnSuccess": row.on_success,
        "OnFailure": row.on_failure,
    }


def url(world: World) -> Mapping[str, object]:
    row = FunctionUrl.objects.filter(qualifier="").first()
    cors = row.cors if row else {}
    lists = {name: ", ".join(cors.get(name, [])) for name in ("AllowOrigins", "AllowMethods", "AllowHeaders")}
    return {
        "AuthType": row.auth_type if row else "",
        **lists,
        "ExposeHeaders": ", ".join(cors.get("ExposeHeaders", [])),
        "MaxAge": cors.get("MaxAge", ""),
    }


def permission(world: World) -> Mapping[str, object]:
    statement = json.loads(ResourcePolicy.objects.get().document)["Statement"][0]
    equal = statement["Condition"].get("StringEquals", {})
    return {
        "StatementId": statement["Sid"],
        "Principal": statement["Principal"]["Service"],
        "Action": statement["Action"],
        "SourceArn": statement["Condition"].get("ArnLike", {}).get("AWS:SourceArn", ""),
        "SourceAccount": equal.get("AWS:SourceAccount", ""),
        "PrincipalOrgID": equal.get("aws:PrincipalOrgID", ""),
        "FunctionUrlAuthType": equal.get("lambda:FunctionUrlAuthType", ""),
    }


def alias(name: str) -> Callable[[World], Mapping[str, object]]:
    def read(world: World) -> Mapping[str, object]:
        row = Alias.objects.filter(name=name).first() or Alias.objects.exclude(name="live").get()
        second, share = next(iter(row.routing.items()), ("", 0.0))
        kept = {"Name": row.name, "FunctionVersion": row.version, "second": second, "Description": row.description}
        return {**kept, "share": f"{share * 100:g}", **audited("why")(world)}

    return read


def schedule(world: World) -> Mapping[str, object]:
    row = Schedule.objects.order_by("-modified_at")[0]
    return {
        "Name": row.name,
        "ScheduleExpression": row.expression,
        "ScheduleExpressionTimezone": row.zone,
        "Qualifier": row.qualifier,
        "Input": row.input,
        "Description": row.description,
    }


def profile(world: World) -> Mapping[str, object]:
    user = User.objects.get(username="alice")
    return {"name": user.first_name, "email": user.email}


def layered(world: World) -> Mapping[str, object]:
    arns = [layer["Arn"] for layer in world.latest.layers]
    return {"layer_1": arns[0] if arns else "", "layer_2": "", "other": ""}


def invited(world: World) -> Mapping[str, object]:
    row = Invitation.objects.order_by("created_at").last()
    assert row is not None
    return {"user_name": row.user_name, "email": row.email, "preset": row.preset}


def provider(world: World) -> Mapping[str, object]:
    row = CapacityProvider.objects.order_by("-modified_at")[0]
    network = {name: ", ".join(ids) for name, ids in row.members["VpcConfig"].items()}
    return {
        "CapacityProviderName": row.name,
        **row.members["PermissionsConfig"],
        **network,
        "Architectures": "".join(row.members.get("InstanceRequirements", {}).get("Architectures", [])),
        **row.members.get("CapacityProviderScalingConfig", {}),
    }


def mapping(world: World) -> Mapping[str, object]:
    row = EventSourceMapping.objects.order_by("-modified_at")[0]
    return {
        "EventSourceArn": row.source,
        "Qualifier": row.qualifier,
        "StartingPosition": row.members.get("StartingPosition", ""),
        "BatchSize": row.members["BatchSize"],
        "MaximumBatchingWindowInSeconds": row.members["MaximumBatchingWindowInSeconds"],
        "Filters": "\n".join(each["Pattern"] for each in row.members.get("FilterCriteria", {}).get("Filters", [])),
        "Further": json.dumps({"ParallelizationFactor": row.members["ParallelizationFactor"]}),
    }


NEW = {
    "FunctionName": "fresh",
    "Runtime": RUNTIME,
    "Handler": "app.handler",
    "Role": role(TEAM),
    "MemorySize": "128",
    "Timeout": "3",
    "Description": "new",
    "Environment": "AA=1",
    "source_text": "def handler(event, context):\n    return event\n",
}
SCHEDULE = {
    "Name": "nightly",
    "ScheduleExpression": "rate(5 minutes)",
    "ScheduleExpressionTimezone": "UTC",
    "Qualifier": "",
    "Input": "{}",
    "Description": "what for",
    "Enabled": "on",
}
STREAM = f"arn:aws:kinesis:us-east-1:{TEAM}:stream/orders"
MAPPING = {
    "Qualifier": "live",
    "BatchSize": "7",
    "MaximumBatchingWindowInSeconds": "5",
    "Filters": '{"data": {"paid": [true]}}',
    "Further": '{"ParallelizationFactor": 2}',
    "Enabled": "on",
}
TARGET = {"FunctionVersion": "1", "second": "2", "share": "10", "Description": "d"}
OPERATOR, ADMIN = Preset.OPERATOR, Preset.ADMIN
F = "/functions/f"
LAYER = f"arn:aws:lambda:us-east-1:{TEAM}:layer:shared:1"
# By the name of the route.
POSTS: dict[str, list[Post]] = {
    "login": [
        Post(
            "/login/",
            {"username": "bob", "password": "secret-of-bob"},
            says="form",
            least=None,
            secret=("password",),
        )
    ],
    "logout": [Post("/logout/", least=None)],
    "account": [Post("/account/", {"account": TEAM}, says="notice", least=None)],
    "invitation": [
        Post(
            "/invitations/{invitation}/",
            {"new": "a long secret 1", "again": "a long secret 1"},
            least=None,
            secret=("new", "again"),
            blames={"new": "again"},
        )
    ],
    "settings-profile": [
        Post("/settings/profile/", {"name": "Alice A", "email": "alice@example.com"}, profile, least=None)
    ],
    "settings-password": [
        Post(
            "/settings/profile/password/",
            {"current": "secret-of-alice", "new": "a long secret 1", "again": "a long secret 1"},
            least=None,
            secret=("current", "new", "again"),
            blames={"new": "again"},
        )
    ],
    "settings-appearance": [Post("/settings/appearance/", {"theme": "dark"}, least=None, choices=("theme",))],
    "create-key": [Post("/settings/keys/create/", says="notice", least=None)],
    "activate-key": [Post("/settings/keys/{key}/activate/", says="notice", least=None)],
    "deactivate-key": [Post("/settings/keys/{key}/deactivate/", says="notice", least=None)],
    "revoke-key": [Post("/settings/keys/{key}/revoke/", {"confirm": "LICE"}, says="notice", least=None)],
    "end-other-sessions": [Post("/settings/sessions/end-others/", least=None)],
    "end-session": [Post("/settings/sessions/0/end/", says="notice", least=None)],
    "invite-user": [
        Post(
            "/admin/users/invite/",
            {"user_name": "ines", "email": "ines@example.com", "preset": "viewer"},
            invited,
            least=ADMIN,
            choices=("preset",),
        )
    ],
    "withdraw-invitation": [Post("/admin/users/invitations/{token}/withdraw/", says="notice", least=ADMIN)],
    "set-preset": [Post("/admin/users/{bob}/role/", {"preset": "viewer"}, says="notice", least=ADMIN)],
    "disable-user": [Post("/admin/users/{bob}/disable/", least=ADMIN)],
    "enable-user": [Post("/admin/users/{bob}/enable/", least=ADMIN)],
    "password-link": [Post("/admin/users/{bob}/password-link/", least=ADMIN)],
    "new-capacity-provider": [
        Post(
            "/admin/capacity-providers/new/",
            {
                "CapacityProviderName": "other",
                "CapacityProviderOperatorRoleArn": role(TEAM),
                "SubnetIds": "subnet-0a1b2c3d",
                "SecurityGroupIds": "sg-0a1b2c3d",
                "Architectures": "",
                "MaxVCpuCount": "8",
            },
            provider,
            choices=("CapacityProviderOperatorRoleArn", "Architectures"),
        )
    ],
    "capacity-provider": [Post("/admin/capacity-providers/of/pool/", {"MaxVCpuCount": "8"}, provider)],
    "delete-capacity-provider": [Post("/admin/capacity-providers/of/pool/delete/", says="notice")],
    "choose-stand-in": [
        Post(
            "/admin/runtimes/stand-in/",
            {"runtime": MISSING, "interpreter": RUNTIME},
            lambda world: StandIn.objects.values("runtime", "interpreter").get(),
            says="notice",
            least=ADMIN,
        )
    ],
    "recycle": [
        Post("/admin/concurrency/recycle/", {"function": "f", "log_stream": ""}, says="notice", least=OPERATOR)
    ],
    "drain-node": [Post("/admin/concurrency/nodes/here/drain/", says="notice", least=ADMIN)],
    "undrain-node": [Post("/admin/concurrency/nodes/here/undrain/", says="notice", least=ADMIN)],
    "delete-layer-version": [Post("/layers/shared/versions/1/delete/", says="notice")],
    "layer-sharing": [
        Post(
            "/layers/shared/versions/1/sharing/",
            {"Principal": "333333333333"},
            lambda world: {"Principal": LayerVersion.objects.get().policy[-1]["Principal"]["AWS"].split(":")[4]},
        )
    ],
    "unshare-layer": [Post("/layers/shared/versions/1/sharing/all/remove/", says="notice")],
    "delete-functions": [Post("/functions/delete/", {"name": "f", "confirm": "f"}, hidden=("name",))],
    "create": [
        Post("/functions/new/", NEW, created, choices=("Runtime", "Role"), free=("source_text",)),
        Post(
            "/functions/new/?blueprint=hello-python",
            {name: value for name, value in NEW.items() if name != "source_text"},
            created,
            choices=("Runtime", "Role"),
        ),
    ],
    "versions": [
        Post(f"{F}/versions/", {"Name": "new", **TARGET}, alias("new"), choices=("FunctionVersion", "second"))
    ],
    "publish": [
        Post(
            f"{F}/versions/publish/",
            {"Description": "third"},
            lambda world: {"Description": world.function.versions.order_by("-number")[0].description},
            empty={"Description": "after 2"},  # as AWS does: the one of $LATEST
        )
    ],
    "delete-version": [Post(f"{F}/versions/2/delete/", says="notice")],
    "alias": [
        Post(
            f"{F}/aliases/live/",
            {"FunctionVersion": "1", "second": "2", "share": "10", "why": "because", "revision_id": ""},
            alias("live"),
            choices=("FunctionVersion", "second"),
            hidden=("revision_id",),
        )
    ],
    "rollback": [
        Post(
            f"{F}/aliases/live/rollback/",
            {"Version": "2", "why": "because"},
            lambda world: {"Version": Alias.objects.get(name="live").version, **audited("why")(world)},
            says="notice",
        )
    ],
    "delete-alias": [Post(f"{F}/aliases/live/delete/", says="notice")],
    "undo-alias": [Post(f"{F}/undo/alias/nothing/", says="notice")],
    "new-trigger": [
        Post(f"{F}/triggers/schedule/new/", SCHEDULE, schedule, choices=("Qualifier",), free=("Enabled",)),
        Post(
            f"{F}/triggers/function_url/new/",
            {"Qualifier": "live", "AuthType": "NONE"},
            lambda world: {
                "Qualifier": FunctionUrl.objects.get().qualifier,
                "AuthType": FunctionUrl.objects.get().auth_type,
            },
            choices=("Qualifier", "AuthType"),
        ),
    ],
    "trigger": [
        Post(
            f"{F}/triggers/schedule/of/every/",
            {name: value for name, value in SCHEDULE.items() if name != "Name"},
            schedule,
            choices=("Qualifier",),
            free=("Enabled",),
        )
    ],
    "switch-trigger": [Post(f"{F}/triggers/schedule/of/every/switch/", says="notice")],
    "fire-trigger": [Post(f"{F}/triggers/schedule/of/every/fire/", says="notice")],
    "delete-trigger": [Post(f"{F}/triggers/schedule/of/every/delete/", says="notice")],
    "undo-trigger": [Post(f"{F}/undo/trigger/schedule/nothing/", says="notice")],
    "new-mapping": [
        Post(
            f"{F}/mappings/new/",
            {**MAPPING, "EventSourceArn": STREAM + "2", "StartingPosition": "LATEST"},
            mapping,
            choices=("Qualifier", "StartingPosition"),
            free=("Enabled",),
            empty={
                "BatchSize": "100",
                "MaximumBatchingWindowInSeconds": "0",
                "Further": '{"ParallelizationFactor": 1}',
            },
        )
    ],
    "mapping": [
        Post(
            f"{F}/mappings/{{mapping}}/",
            MAPPING,
            mapping,
            choices=("Qualifier",),
            free=("Enabled",),
            empty={"Further": '{"ParallelizationFactor": 1}'},  # as it was
        )
    ],
    "delete-mapping": [Post(f"{F}/mappings/{{mapping}}/delete/", says="notice")],
    "purge-events": [Post(f"{F}/events/purge/", says="notice")],
    "redrive-events": [Post(f"{F}/events/redrive/", says="notice")],
    "throttle": [Post(f"{F}/throttle/", {"throttle": "1", "back": "concurrency"}, says="notice", free=("back",))],
    "provision": [
        Post(
            f"{F}/provisioned/",
            {"Qualifier": "live", "ProvisionedConcurrentExecutions": "2"},
            lambda world: {
                "Qualifier": ProvisionedConcurrency.objects.get().qualifier,
                "ProvisionedConcurrentExecutions": ProvisionedConcurrency.objects.get().requested,
            },
            choices=("Qualifier",),
        )
    ],
    "unprovision": [Post(f"{F}/provisioned/live/remove/", says="notice")],
    "new-permission": [
        Post(
            f"{F}/permissions/new/",
            {
                "StatementId": "s3",
                "Principal": "s3.amazonaws.com",
                "Action": "lambda:InvokeFunction",
                "SourceArn": "arn:aws:s3:::uploads",
                "SourceAccount": TEAM,
                "PrincipalOrgID": "o-a1b2c3d4e5",
                "FunctionUrlAuthType": "",
            },
            permission,
            choices=("Action", "FunctionUrlAuthType"),
            blames={"FunctionUrlAuthType": "Action"},
        )
    ],
    "policy": [
        Post(
            f"{F}/permissions/policy/",
            {"Policy": POLICY, "RevisionId": ""},
            lambda world: {"Policy": ResourcePolicy.objects.get().document},
            hidden=("RevisionId",),
            blames={"RevisionId": "Policy"},
        )
    ],
    "remove-permission": [Post(f"{F}/permissions/of/s3/remove/", says="notice")],
    "configuration": [Post(f"{F}/config/", says="field")],
    "config-section": [
        Post(
            f"{F}/config/general/",
            {
                "Description": "d",
                "Runtime": RUNTIME,
                "Handler": "app.handler",
                "MemorySize": "256",
                "Timeout": "9",
                "EphemeralStorage": "600",
                "SnapStart": "None",
            },
            general,
            choices=("Runtime", "SnapStart"),
        ),
        Post(
            f"{F}/config/permissions/",
            {"Role": role(TEAM)},
            lambda world: {"Role": world.latest.role},
            choices=("Role",),
        ),
        Post(
            f"{F}/config/environment/",
            {"Environment-name": "AA", "Environment-value": "1"},
            pair("Environment", lambda world: world.latest.environment),
        ),
        Post(
            f"{F}/config/concurrency/",
            {"ReservedConcurrentExecutions": "5", "RecursiveLoop": "Allow"},
            lambda world: {
                "ReservedConcurrentExecutions": world.function.reserved_concurrency,
                "RecursiveLoop": world.function.recursive_loop,
            },
            choices=("RecursiveLoop",),
            empty={"RecursiveLoop": "Terminate"},  # as it was
        ),
        Post(
            f"{F}/config/async/",
            {"MaximumRetryAttempts": "1", "MaximumEventAgeInSeconds": "60", "OnSuccess": "", "OnFailure": ""},
            asynchronous,
            choices=("MaximumRetryAttempts",),
        ),
        Post(
            f"{F}/config/url/",
            {
                "AuthType": "NONE",
                "AllowOrigins": "*",
                "AllowMethods": "GET",
                "AllowHeaders": "x-a",
                "ExposeHeaders": "x-b",
                "MaxAge": "5",
            },
            url,
            choices=("AuthType",),
        ),
        Post(
            f"{F}/config/layers/",
            {"layer_1": LAYER, "layer_2": "", "other": ""},
            layered,
            choices=("layer_1", "layer_2"),
        ),
        Post(
            f"{F}/config/logging/",
            {"LogFormat": "JSON", "LogGroup": "/team/logs", "ApplicationLogLevel": "WARN", "SystemLogLevel": "DEBUG"},
            lambda world: world.latest.extras["LoggingConfig"],
            choices=("LogFormat", "ApplicationLogLevel", "SystemLogLevel"),
            empty={"LogGroup": "/aws/lambda/f", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"},
        ),
        Post(
            f"{F}/config/network/",
            {"network": "egress"},
            lambda world: {"network": world.function.tags.get(egress.TAG, "")},
            choices=("network",),
        ),
        Post(
            f"{F}/config/tags/", {"Tags-name": "k", "Tags-value": "v"}, pair("Tags", lambda world: world.function.tags)
        ),
    ],
    "delete-function": [Post(f"{F}/delete/", {"confirm": "f"}, says="notice")],
    "rerun": [Post(f"{F}/invocations/{{request}}/rerun/", {"qualifier": "7"}, says="notice", filled=("qualifier",))],
    "save-event": [
        Post(
            f"{F}/invocations/{{request}}/save/",
            {"name": "kept"},
            lambda world: {"name": TestEvent.objects.latest("modified_at").name},
        )
    ],
    # By the editor's script, as JSON: see `test_bad_json`.
    "deploy": [Post(f"{F}/code/deploy/", says="json")],
    "code-changes": [Post(f"{F}/code/changes/", says="json")],
    "upload": [Post(f"{F}/code/upload/", says="json")],
    "test": [Post(f"{F}/test/", says="json")],
    "test-events": [Post(f"{F}/test-events/", says="json")],
}
# Routes that take a POST and have no row.
REASONS = {
    "copy-as": "shows commands and changes nothing: tests/console/test_copy_as.py",
    "deploy-image": "is for functions that are container images: tests/console/test_images.py",
    "new-layer": "takes a file: tests/console/test_layers.py",
    "settings": "leads on to a page",
    "admin": "leads on to a page",
}


def routes(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[URLPattern]:
    for each in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns)
        else:
            yield each


def body(fields: Mapping[str, str]) -> bytes:
    """As a hostile client encodes it: lone surrogates as the bytes that would be theirs."""
    return "&".join(
        f"{quote_plus(name)}={quote_plus(value.encode('utf-8', 'surrogatepass'))}" for name, value in fields.items()
    ).encode()


def send(person: Person, path: str, fields: Mapping[str, str]) -> Any:
    return person.client.post(path, body(fields), content_type="application/x-www-form-urlencoded")


def furnish(alice: Person, bob: Person, request_id: str) -> World:
    from functions.actions import invitation
    from functions.actions import schedule as schedules
    from functions.arn import parse

    for text in ("1", "2"):
        alice.client.post(f"{F}/versions/publish/", {"Description": text})
        function = Function.objects.get(name="f")
        function.versions.filter(number=0).update(description=f"after {text}")
    call(alice.caller, "PublishLayerVersion", LayerName="shared", Content={"ZipFile": zipped()})
    alice.client.post(f"{F}/versions/", {"Name": "live", "FunctionVersion": "1"})
    schedules.create(alice.caller, parse("f", None, alice.caller), "every", "rate(1 hour)")
    AccessKey.objects.create(id="AKIAALICE", secret="s" * 40, user=alice.user, account_id=TEAM)
    secret = invitation.invite(alice.caller, "nora", "viewer")
    call(
        alice.caller,
        "CreateCapacityProvider",
        CapacityProviderName="pool",
        VpcConfig={"SubnetIds": ["subnet-0a1b2c3d"], "SecurityGroupIds": []},
        PermissionsConfig={"CapacityProviderOperatorRoleArn": role(TEAM)},
    )
    source = call(
        alice.caller,
        "CreateEventSourceMapping",
        FunctionName="f",
        EventSourceArn=STREAM,
        StartingPosition="TRIM_HORIZON",
    )
    names = {
        "invitation": secret,
        "token": Invitation.objects.get().pk,
        "key": "AKIAALICE",
        "bob": str(bob.user.pk),
        "request": request_id or str(uuid.uuid4()),
        "mapping": source["UUID"],
    }
    return World(alice, names)
