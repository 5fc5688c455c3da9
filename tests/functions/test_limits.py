"""AWS's limits may be changed, and a change that cannot be is refused at the start."""

import pytest
from pytest_django import Settings

from console import env
from functions.limits import DEFAULTS, Limits, limits, minimum_unreserved


def test_what_is_not_changed_is_as_at_aws(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTH_LIMITS", "tags=60,unreserved_share=0.2")
    settings.HEARTH_LIMITS = env.numbers("HEARTH_LIMITS", DEFAULTS)
    assert limits() == Limits(tags=60, unreserved_share=0.2)
    assert (limits().zipped_bytes, limits().unzipped_bytes) == (52_428_800, 262_144_000)
    settings.HEARTH_CONCURRENCY = 50
    assert minimum_unreserved() == 10


@pytest.mark.parametrize(
    "value", ["tags", "tags=", "tags=many", "tags=-1", "tags=1.5", "nothing=1", "=1", "tags=1;x=2"]
)
def test_a_limit_that_cannot_be_is_one_sentence(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTH_LIMITS", value)
    with pytest.raises(env.SettingError, match=r"HEARTH_LIMITS=.* cannot be used: expected name=number"):
        env.numbers("HEARTH_LIMITS", DEFAULTS)
