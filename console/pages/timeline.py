"""The deployments of a function as its pages tell them."""

from dataclasses import dataclass

from django.urls import reverse

from functions.history import Deployment, Kind

# Icon and look of the pin.
PINS = {
    Kind.CREATED: ("plus", ""),
    Kind.CODE: ("fn", ""),
    Kind.CONFIGURATION: ("gear", ""),
    Kind.PUBLISHED: ("tag", ""),
    Kind.VERSION_DELETED: ("trash", ""),
    Kind.ALIAS_CREATED: ("plus", ""),
    Kind.ALIAS_MOVED: ("check", ""),
    Kind.ALIAS_SHIFTED: ("branch", "is-ember"),
    Kind.ALIAS_DESCRIBED: ("edit", ""),
    Kind.ALIAS_DELETED: ("trash", ""),
    Kind.ROLLBACK: ("undo", "is-err"),
}
WORDS = {
    "MemorySize": "memory",
    "EphemeralStorage": "ephemeral storage",
    "Environment": "environment variables",
}


@dataclass(frozen=True)
class Entry:
    """`difference` is the URL of what changed; `back_to` the version that the alias can be rolled back to by it."""

    deployment: Deployment
    icon: str
    look: str
    title: str
    text: str
    difference: str = ""
    back_to: str = ""


def entries(deployments: list[Deployment], *, alias: str = "", targets: frozenset[str] = frozenset()) -> list[Entry]:
    """`targets`: the versions that `alias` may be rolled back to."""
    return [_entry(each, alias, targets) for each in deployments]


def _entry(made: Deployment, alias: str, targets: frozenset[str]) -> Entry:
    icon, look = PINS[made.kind]
    title, text = _words(made)
    difference = ""
    if made.kind == Kind.PUBLISHED and made.version.isdigit() and int(made.version) > 1:
        difference = reverse("difference", args=[made.function, str(int(made.version) - 1), made.version])
    elif made.kind in (Kind.ALIAS_MOVED, Kind.ROLLBACK):
        old, new = (_version(made, side) for side in ("from", "to"))
        if old and new and old != new:
            difference = reverse("difference", args=[made.function, old, new])
    target = _version(made, "to") if made.alias == alias and made.alias else ""
    return Entry(made, icon, look, title, text, difference, target if target in targets else "")


def _version(made: Deployment, side: str) -> str:
    """What the alias pointed at alone, before or after."""
    target = made.detail.get(side) or {}
    return "" if target.get("weights") else str(target.get("version") or "")


def _words(made: Deployment) -> tuple[str, str]:
    """The title, and one line below it."""
    alias = made.alias
    old, new = (_named(text) for text in (made.before, made.after))
    match made.kind:
        case Kind.CREATED:
            return "Function created", ""
        case Kind.CODE:
            return "Code of $LATEST", f"{made.before} to {made.after}" if made.before else made.after
        case Kind.CONFIGURATION:
            changed = ", ".join(WORDS.get(name, name.lower()) for name in made.changed)
            return "Configuration of $LATEST", changed
        case Kind.PUBLISHED:
            return f"Version {made.version} published", str(made.detail.get("description") or "")
        case Kind.VERSION_DELETED:
            return f"Version {made.version} deleted", ""
        case Kind.ALIAS_CREATED:
            return f"{alias} created at {new}", ""
        case Kind.ALIAS_DELETED:
            return f"{alias} deleted", f"It was at {old}." if old else ""
        case Kind.ALIAS_DESCRIBED:
            return f"{alias} described", ""
        case Kind.ROLLBACK:
            return f"{alias} rolled back to {new}", f"from {old}"
        case _:
            return f"{alias}: {new}", f"from {old}"


def _named(target: str) -> str:
    """7 as v7, and 7 (90 %) and 8 (10 %) with them."""
    parts = [f"v{part}" if part[:1].isdigit() else part for part in target.split(" and ")]
    return " and ".join(parts)
