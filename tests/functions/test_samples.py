"""The sample events that ship with the console."""

import json

import pytest

from functions import samples


def test_every_sample_is_an_event_and_has_a_title() -> None:
    files = {path.stem for path in samples.HERE.glob("*.json")}
    assert files == set(samples.TITLES)
    for name in files:
        assert isinstance(json.loads(samples.event(name)), dict)


def test_no_other_file_can_be_read() -> None:
    with pytest.raises(KeyError):
        samples.event("../__init__")
