"""Values in memory, until something changes."""

from functions.cache import GenerationCache, generation


class Source:
    def __init__(self) -> None:
        self.reads = 0
        self.is_there = True

    def read(self) -> int:
        if not self.is_there:
            raise LookupError
        self.reads += 1
        return self.reads


def test_a_value_is_read_once_until_a_change() -> None:
    cache, source = GenerationCache[int](), Source()
    assert [cache.get("key", source.read) for _ in range(3)] == [1, 1, 1]
    generation().bump()
    assert cache.get("key", source.read) == 2


def test_what_is_used_is_renewed_after_a_change() -> None:
    cache, source = GenerationCache[int](), Source()
    cache.get("key", source.read)
    cache.renew()
    assert source.reads == 1
    generation().bump()
    cache.renew()
    assert source.reads == 2
    assert cache.get("key", source.read) == 2


def test_what_nobody_asked_for_since_is_not_renewed() -> None:
    cache, source = GenerationCache[int](), Source()
    cache.get("key", source.read)
    for _ in range(3):
        generation().bump()
        cache.renew()
    assert source.reads == 2


def test_what_cannot_be_renewed_is_forgotten() -> None:
    cache, source = GenerationCache[int](), Source()
    cache.get("key", source.read)
    source.is_there = False
    generation().bump()
    cache.renew()
    source.is_there = True
    assert cache.get("key", source.read) == 2
