"""Settings are typed and fail loudly: one sentence, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.family import ROOT


def load(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    code = (
        "from console import settings as s; print(s.HEARTH_PORT, s.DATABASES['default']['NAME'], s.CELERY_BROKER_URL)"
    )
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("HEARTH_", "DATABASE_", "REDIS_"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**clean, "HEARTH_DATA": str(tmp_path / "data"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_defaults_lie_in_the_data_directory(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert load(tmp_path).stdout.split() == ["8000", f"{data}/hearth.sqlite3", f"redis+socket://{data}/run/redis.sock"]
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "secret-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEARTH_PORT", "eight thousand"),
        ("HEARTH_PORT", "0"),
        ("HEARTH_PORT", "65536"),
        ("HEARTH_HOST", "not-an-address"),
        ("HEARTH_REGION", "moon"),
        ("HEARTH_ACCOUNT_ID", "12345"),
        ("HEARTH_OPEN", "perhaps"),
        ("DATABASE_URL", "mysql://somewhere/x"),
        ("DATABASE_URL", "postgresql://host"),
        ("REDIS_URL", "http://localhost"),
        ("HEARTH_AWS_ENDPOINTS", "s3=127.0.0.1:9000"),
        ("HEARTH_DATA", __file__),
        ("HEARTH_DATA", f"/tmp/{'long' * 30}"),
    ],
)
def test_a_value_that_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    ended = load(tmp_path, **{name: value})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"hearth: setting {name}={value!r} cannot be used: expected ")
    assert "Traceback" not in ended.stderr


def test_an_open_server_is_refused_on_an_address_that_others_reach(tmp_path: Path) -> None:
    assert load(tmp_path, HEARTH_OPEN="1").returncode == 0
    ended = load(tmp_path, HEARTH_OPEN="1", HEARTH_HOST="0.0.0.0")
    assert ended.returncode == 1
    assert "loopback" in ended.stderr


def test_postgresql_urls(tmp_path: Path) -> None:
    assert load(tmp_path, DATABASE_URL="postgresql://u:p%40@db:5433/name").stdout.split()[1] == "name"
