"""What tells one invocation from others."""

import uuid

from functions.invoke.trace import request_id


def test_request_ids_are_random_uuids() -> None:
    ids = [uuid.UUID(request_id()) for _ in range(100)]
    assert {(each.version, each.variant) for each in ids} == {(4, uuid.RFC_4122)}
    assert len(set(ids)) == 100
