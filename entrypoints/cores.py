"""How many cores this process may use."""

import os
from collections.abc import Iterator
from pathlib import Path


def cores(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """At least 1. taskset or a container's quota may allow fewer than the machine has."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *_quotas(groups, own)]))


def _quotas(groups: Path, own: Path) -> Iterator[int]:
    """The whole cores that each control group around this process allows, of version 2 and version 1.

    Inside a container, its own group may be the root of `groups`, whatever its path says.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return  # no Linux
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = groups / ("cpu" if controllers else "") / path.lstrip("/")
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
        for folder in (group, *group.parents):
            try:
                quota, period = (int(n) for name in names for n in (folder / name).read_text().split())
            except (OSError, ValueError):  # not there, or "max"
                continue
            if quota > 0 and period > 0:  # -1 is no quota
                yield quota // period
