"""Typed reading of the environment. A value that cannot be read stops the program with one clear sentence."""

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class SettingError(SystemExit):
    """A setting is wrong. Raised at start, shown as one line, never as a traceback."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"hearth: setting {name}={value!r} cannot be used: expected {expected}")


def text(name: str, default: str, pattern: str = r".+", expected: str = "a text that is not empty") -> str:
    value = os.environ.get(name, default)
    if not re.fullmatch(pattern, value):
        raise SettingError(name, value, expected)
    return value


def integer(name: str, default: int, low: int, high: int) -> int:
    value = os.environ.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
        raise SettingError(name, value, f"a whole number from {low} to {high}")
    return int(value)


def numbers(name: str, defaults: Mapping[str, int | float]) -> dict[str, Any]:
    """`name=number,name=number`: those of `defaults` that are changed."""
    given: dict[str, Any] = {}
    for pair in filter(None, os.environ.get(name, "").split(",")):
        key, _, number = pair.partition("=")
        shape = r"\d{1,15}(\.\d{1,9})?" if isinstance(defaults.get(key), float) else r"\d{1,15}"
        if key not in defaults or not re.fullmatch(shape, number, re.ASCII):
            raise SettingError(name, pair, f"name=number, the name one of {', '.join(defaults)}")
        given[key] = type(defaults[key])(number)
    return given


def endpoints(name: str) -> dict[str, str]:
    """URLs by service: `service=url,service=url`, or one URL for all, whose service is `*`."""
    found: dict[str, str] = {}
    for pair in filter(None, os.environ.get(name, "").split(",")):
        match = re.fullmatch(r"(?:([a-z0-9-]+)=)?(https?://[^/\s]+(?:/\S*)?)", pair.strip())
        if match is None:
            raise SettingError(name, pair, "service=http://host:port, separated by commas, or one URL for all services")
        found[match[1] or "*"] = match[2]
    return found


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name, "1" if default else "0").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("", "0", "false", "no", "off"):
        return False
    raise SettingError(name, value, "1 or 0")


def directory(name: str, default: Path) -> Path:
    value = os.environ.get(name, "")
    path = Path(value).expanduser().absolute() if value else default
    if path.exists() and not path.is_dir():
        raise SettingError(name, value, "a directory")
    return path


def directories(name: str) -> list[Path]:
    """Directories that are there, separated by colons, without symlinks."""
    found = []
    for value in filter(None, os.environ.get(name, "").split(":")):
        path = Path(value).expanduser().resolve()
        if not path.is_dir():
            raise SettingError(name, value, "directories of this machine, separated by colons")
        found.append(path)
    return found


def registries(name: str) -> dict[str, str]:
    """`host[:port]`, separated by commas, to its protocol: https, or http for one that is written `http://host`."""
    found: dict[str, str] = {}
    for value in filter(None, os.environ.get(name, "").split(",")):
        match = re.fullmatch(r"(?:(https?)://)?([a-z0-9][a-z0-9.-]*(?::\d{1,5})?)", value.strip())
        if match is None:
            raise SettingError(name, value, "hosts of registries, separated by commas: host, host:port or http://host")
        found[match[2]] = match[1] or "https"
    return found


def host(name: str, default: str) -> str:
    value = os.environ.get(name, default)
    if value != "localhost":
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise SettingError(name, value, "an IP address of this machine, or localhost") from None
    return value


def redis_url(name: str, default: str) -> str:
    value = os.environ.get(name, "") or default
    if urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise SettingError(name, value, "redis://host:port/db or unix:///path/to/socket")
    return value


def database(name: str, default: Path) -> dict[str, object]:
    """Django's DATABASES entry for a URL: `postgresql://user:password@host:port/name` or `sqlite:///path`."""
    value = os.environ.get(name, "") or f"sqlite:///{default}"
    url = urlsplit(value)
    if url.scheme == "sqlite" and len(url.path) > 1:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "CONN_MAX_AGE": None,  # opening one costs more than most reads
            # sqlite:////var/lib/x and sqlite:///var/lib/x both name the absolute path.
            "NAME": "/" + unquote(url.path).lstrip("/"),
            "OPTIONS": {
                # One writer at a time: a transaction takes its place in the queue when it begins, not half-way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # Each checkpoint waits for the disk, and others with it: one for every 32 MiB written, not for every 4.
                # Lists read thousands of pages of the file: mapped, none of them takes a system call.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8192; "
                "PRAGMA wal_autocheckpoint=8000; PRAGMA mmap_size=1073741824;",
            },
            # Tests use a file too: the locks of a database in memory are not those that the program meets.
            "TEST": {"NAME": "/" + unquote(url.path).lstrip("/") + ".test"},
        }
    if url.scheme in ("postgres", "postgresql") and len(url.path) > 1:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path[1:]),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            # A directory with the server's socket does not fit between @ and /: ?host=/var/run/postgresql
            "HOST": parse_qs(url.query).get("host", [unquote(url.hostname or "")])[0],
            "PORT": str(url.port or ""),
            # Hundreds of threads share a few connections: most invocations need none.
            "OPTIONS": {"pool": {"min_size": 1, "max_size": 16, "timeout": 30}},
            "CONN_HEALTH_CHECKS": True,
        }
    raise SettingError(name, value, "postgresql://user:password@host:port/name or sqlite:///path")


def secret(path: Path, length: int = 50) -> str:
    """The secret kept in `path`, made on first use, readable by this user only."""
    import secrets

    try:
        return path.read_text()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        value = secrets.token_urlsafe(length)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process of the family was first
            return path.read_text()
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
        return value
