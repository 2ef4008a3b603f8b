"""The number of cores that this process may use."""

import os
from collections.abc import Iterator
from pathlib import Path


def cores(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """The cores that taskset and the quota of a container allow, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *_quotas(groups, own)]))


def _quotas(groups: Path, own: Path) -> Iterator[int]:
    """The whole cores of each control group around this process, of cgroup version 2 and version 1.

    In a container, the root of `groups` may be the container's own group. So all parents are read, too.
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
            except (OSError, ValueError):  # no such file, or "max"
                continue
            if quota > 0 and period > 0:  # -1 means no quota
                yield quota // period
