"""`python -m tests.postgresql DIRECTORY COMMAND...`: run a command with DATABASE_URL naming a fresh PostgreSQL server.

The server keeps its files in DIRECTORY and listens on a unix socket there. As root it runs as the user `nobody`, for
PostgreSQL refuses to run as root. Where PostgreSQL is not installed the command is skipped, and that is said.
"""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg


def programs() -> Path | None:
    """The directory with initdb and pg_ctl."""
    found = shutil.which("initdb")
    if found and shutil.which("pg_ctl", path=str(Path(found).parent)):
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return installed[0].parent if installed else None


def main(directory: Path, command: list[str]) -> int:
    where = programs()
    if where is None:
        print("PostgreSQL is not installed on this machine: its run of the tests is skipped", flush=True)
        return 0
    directory.mkdir(parents=True)
    user = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")
        os.chown(directory, account.pw_uid, account.pw_gid)
        directory.parent.chmod(0o711)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data = directory / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [where / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=directory,
            **user,  # type: ignore[call-overload]
        )

    run("initdb", "--pgdata", str(data), "--username", "hearth", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
    options = f"-c listen_addresses='' -c unix_socket_directories='{directory}' -c fsync=off"
    run("pg_ctl", "--pgdata", str(data), "--wait", "--log", str(directory / "log"), "--options", options, "start")
    try:
        with psycopg.connect(host=str(directory), user="hearth", dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE hearth")
        url = f"postgresql://hearth@/hearth?host={quote(str(directory))}"
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode
    finally:
        run("pg_ctl", "--pgdata", str(data), "--mode", "immediate", "stop")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
