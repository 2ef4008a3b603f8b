"""What the bench says: one line for each job, its details indented below, and a few words about numbers."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

WIDTHS = (70, 16, 14)


class NotRun(Exception):
    """A job, or a half of one, that this machine cannot run; the message is the reason."""


@dataclass
class Report:
    met: int = 0
    missed: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self._line("job", "measured", "target", "verdict")
        print("-" * (sum(WIDTHS) + 10), flush=True)

    def result(self, job: str, measured: str, target: str, met: bool) -> None:
        self._line(job, measured, target, "met" if met else "MISSED")
        if met:
            self.met += 1
        else:
            self.missed.append(job)

    def could_not(self, job: str, reason: str) -> None:
        self._line(job, "-", "-", f"not run: {reason}")
        self.not_run.append(job)

    def broke(self, job: str, reason: str) -> None:
        self._line(job, "-", "-", f"BROKE: {reason}")
        self.broken.append(job)

    def note(self, text: str) -> None:
        for line in text.splitlines():
            print(f"    {line}", flush=True)

    def end(self, seconds: float) -> None:
        print("-" * (sum(WIDTHS) + 10))
        print(
            f"{self.met} met, {len(self.missed)} missed, {len(self.not_run)} not run, "
            f"{len(self.broken)} broken, in {seconds:.0f} s"
        )
        for word, jobs in (("missed", self.missed), ("not run", self.not_run), ("broken", self.broken)):
            for job in jobs:
                print(f"  {word}: {job}")

    def _line(self, *cells: str) -> None:
        padded = [cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=False)]
        print("".join(padded) + cells[-1], flush=True)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def spread(values: list[float], scale: float = 1, digits: int = 0) -> str:
    """The median and, in brackets, the least and the most: how far to trust it."""
    low, middle, high = (
        f"{value * scale:.{digits}f}" for value in (min(values), median(values), max(values))
    )
    return f"{middle} ({low} to {high})"
