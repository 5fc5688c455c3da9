"""What separates sandboxes on this machine, said plainly."""

from dataclasses import dataclass
from typing import Any

from functions.execution.sandbox import holder, seccomp
from functions.execution.sandbox.cgroups import Groups
from functions.execution.sandbox.network.egress import OFF, Egress
from functions.execution.sandbox.uids import UidBlock


@dataclass(frozen=True, slots=True)
class Isolation:
    """`facts`: JSON-ready. `summary` in it is one line for banners; `missing` lists what this machine cannot do."""

    facts: dict[str, Any]

    @classmethod
    def of(cls, groups: Groups | None, why_no_groups: str, block: UidBlock, egress: Egress) -> "Isolation":
        missing = []
        controllers = groups.controllers if groups and groups.version == 1 else ["memory", "pids", "cpu", "freezer"]
        if groups is None:
            controllers = []
            missing.append(
                f"cgroup limits ({why_no_groups}): resource limits and polling instead, no share of CPU time"
            )
            missing.append("a count of memory that no process maps")
        for controller in ("pids", "cpu", "freezer"):
            if groups is not None and controller not in controllers:
                missing.append(f"cgroup controller {controller}")
        if seccomp.program() is None:
            missing.append("system call filter (none for this processor)")
        if not block.distinct:
            missing.append("a user id per environment (no subordinate ids)")
        facts: dict[str, Any] = {
            "namespaces": ["user", "pid", "mount", "ipc", "uts", "net", "cgroup"],
            "capabilities": "none",
            "no_new_privs": True,
            "seccomp": seccomp.program() is not None,
            "uid_per_environment": block.distinct,
            "cgroups": f"v{groups.version}" if groups else None,
            "controllers": controllers,
            "cpu": ("quota" if groups.quota else "share") if groups and "cpu" in controllers else None,
            "network": "loopback only" if egress.why else "loopback; the internet for functions that are given it",
            "no_egress": egress.why,  # why functions cannot be given a network; empty where they can
            "rootless": holder.inside() is not None,
            "missing": missing,
        }
        limits = f"cgroup {facts['cgroups']} ({', '.join(controllers)})" if groups else "limits by rlimit and polling"
        facts["summary"] = (
            "namespaces, no capabilities, "
            + ("seccomp, " if facts["seccomp"] else "")
            + ("own uid each, " if block.distinct else "one shared uid, ")
            + limits
            + (f"; missing: {'; '.join(missing)}" if missing else "")
            + (f"; no network for functions: {egress.why}" if egress.why and egress.why != OFF else "")
        )
        return cls(facts)
