"""What the functions of an account keep of its concurrency for themselves, and what is left for all."""

from django.db.models import QuerySet, Sum

from functions.limits import concurrency
from functions.models import Function, ProvisionedConcurrency


def reserved(account_id: str, region: str) -> QuerySet[Function]:
    """The functions with a reservation."""
    return Function.objects.filter(account_id=account_id, region=region, reserved_concurrency__isnull=False).order_by()


def provisioned(account_id: str, region: str) -> QuerySet[ProvisionedConcurrency]:
    """What is provisioned for functions without one: a reservation would hold it."""
    return ProvisionedConcurrency.objects.filter(
        function__account_id=account_id, function__region=region, function__reserved_concurrency=None
    ).order_by()


def unreserved(account_id: str, region: str, *, but: Function | None = None) -> int:
    """Invocations at once that are left for all functions. `but`: as if that function kept nothing."""
    kept, ahead = reserved(account_id, region), provisioned(account_id, region)
    if but is not None:
        kept, ahead = kept.exclude(pk=but.pk), ahead.exclude(function=but)
    sums = (kept.aggregate(sum=Sum("reserved_concurrency")), ahead.aggregate(sum=Sum("requested")))
    return concurrency() - sum(each["sum"] or 0 for each in sums)
