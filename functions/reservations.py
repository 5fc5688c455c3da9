"""What the functions of an account keep of its concurrency for themselves, and what is left for all."""

from django.db.models import IntegerField
from django.db.models.expressions import RawSQL

from functions.limits import concurrency
from functions.models import Account, Function, ProvisionedConcurrency

# What is reserved, and what is provisioned for functions without a reservation: one would hold it. Not by a join, which
# databases would begin with all functions of the account, of which few provision anything.
KEPT = f"""
    COALESCE((
        SELECT SUM(f.reserved_concurrency) FROM {Function._meta.db_table} f
        WHERE f.account_id = %s AND f.region = %s AND f.reserved_concurrency IS NOT NULL
    ), 0) + COALESCE((
        SELECT SUM(p.requested) FROM {ProvisionedConcurrency._meta.db_table} p
        WHERE EXISTS (
            SELECT 1 FROM {Function._meta.db_table} f
            WHERE f.id = p.function_id AND f.account_id = %s AND f.region = %s AND f.reserved_concurrency IS NULL
        )
    ), 0)
"""  # noqa: S608 the names of tables


def kept(account_id: str, region: str) -> RawSQL:
    """For a query that asks something else too. In SQL: every cold start would wait 2 ms for Django to write it."""
    return RawSQL(KEPT, (account_id, region, account_id, region), output_field=IntegerField())  # noqa: S611 no text


def unreserved(account_id: str, region: str, *, but: Function | None = None) -> int:
    """Invocations at once that are left for all functions. `but`: as if that function kept nothing."""
    total = Account.objects.filter(pk=account_id).values_list(kept(account_id, region), flat=True).first() or 0
    return concurrency() - total + (_own(but) if but is not None else 0)


def _own(function: Function) -> int:
    if function.reserved_concurrency is not None:
        return function.reserved_concurrency
    return sum(function.provisioned.values_list("requested", flat=True))
