"""AWS's limits, as data. Each may be changed by `settings.HEARTH_LIMITS`, by the names below.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from dataclasses import asdict, dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Limits:
    zipped_bytes: int = 52_428_800  # of a package that is uploaded directly
    unzipped_bytes: int = 262_144_000  # of a package and its layers
    storage_bytes: int = 80_530_636_800  # of all packages of all versions in an account and region
    environment_bytes: int = 4_096  # of the environment variables, as JSON
    layers: int = 5  # of one function
    name_length: int = 64  # of a function, without what an ARN adds
    tags: int = 50  # on one function
    capacity_providers: int = 1000  # in an account and region
    memory_mb: int = 10_240
    least_memory_mb: int = 128
    timeout_seconds: int = 900
    ephemeral_mb: int = 10_240  # of /tmp
    payload_bytes: int = 6_291_456  # of a synchronous invocation, and of a function URL's request
    async_payload_bytes: int = 1_048_576
    stream_bytes: int = 209_715_200  # of a streamed response
    requests_per_concurrency: int = 10  # invocations that may begin in a second, by concurrency
    # Calls of the control plane in a second, by account; 0 for no limit, which is not AWS's: see console.gateway.rate.
    control_requests_per_second: int = 0
    get_function_requests_per_second: int = 0
    get_policy_requests_per_second: int = 0
    recursive_turns: int = 16  # of one function in a chain of calls
    policy_bytes: int = 20_480  # of a resource-based policy, as JSON
    filters: int = 5  # of one event source mapping
    page_items: int = 50  # in one answer of a list operation
    package_files: int = 100_000  # ours, not AWS's: entries in one zip
    image_bytes: int = 10_737_418_240  # of a container image, unpacked
    image_files: int = 1_000_000  # ours: entries of all its layers
    # AWS keeps this share of an account's concurrency free of reservations: 100 of 1,000.
    unreserved_share: float = 0.1


DEFAULTS: dict[str, int | float] = asdict(Limits())


def limits() -> Limits:
    """The limits in force."""
    return Limits(**settings.HEARTH_LIMITS)


def concurrency() -> int:
    """Invocations at once in one account and region."""
    return int(settings.HEARTH_CONCURRENCY)


def minimum_unreserved() -> int:
    """Invocations at once that no function may reserve for itself."""
    return int(concurrency() * limits().unreserved_share)
