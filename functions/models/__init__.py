"""What Hearth keeps. One noun per file; every change to one of these goes through `functions.actions`."""

from functions.models.access_key import AccessKey
from functions.models.account import Account
from functions.models.alias import Alias
from functions.models.async_event import AsyncEvent
from functions.models.audit import AuditEntry
from functions.models.browser_session import BrowserSession
from functions.models.capacity_provider import CapacityProvider
from functions.models.code_signing_config import CodeSigningConfig
from functions.models.delivery import Delivery
from functions.models.event_invoke_config import EventInvokeConfig
from functions.models.event_source_mapping import EventSourceMapping
from functions.models.function import Function
from functions.models.function_url import FunctionUrl
from functions.models.invitation import Invitation
from functions.models.layer import Layer, LayerVersion
from functions.models.package import Package
from functions.models.provisioned_concurrency import ProvisionedConcurrency
from functions.models.resource_policy import ResourcePolicy
from functions.models.role import AttachedPolicy, InlinePolicy, ManagedPolicy, Role
from functions.models.scaling_config import ScalingConfig
from functions.models.schedule import Schedule
from functions.models.stand_in import StandIn
from functions.models.test_event import TestEvent
from functions.models.user import Membership, User
from functions.models.version import LATEST, LATEST_PUBLISHED, PUBLISHED, FunctionVersion

__all__ = [
    "LATEST",
    "LATEST_PUBLISHED",
    "PUBLISHED",
    "AccessKey",
    "Account",
    "Alias",
    "AsyncEvent",
    "AttachedPolicy",
    "AuditEntry",
    "BrowserSession",
    "CapacityProvider",
    "CodeSigningConfig",
    "Delivery",
    "EventInvokeConfig",
    "EventSourceMapping",
    "Function",
    "FunctionUrl",
    "FunctionVersion",
    "InlinePolicy",
    "Invitation",
    "Layer",
    "LayerVersion",
    "ManagedPolicy",
    "Membership",
    "Package",
    "ProvisionedConcurrency",
    "ResourcePolicy",
    "Role",
    "ScalingConfig",
    "Schedule",
    "StandIn",
    "TestEvent",
    "User",
]
