"""The table of results on stdout, and the figures behind them on stderr."""

import operator
import sys
from statistics import median

Row = tuple[str, str, str, str]
MEETS = {"at most": operator.le, "under": operator.lt, "at least": operator.ge}


def judge(job: str, value: float, words: str, target: float, form: str = "{:.0f}") -> Row:
    met = MEETS[words](value, target)
    return job, form.format(value), f"{words} {form.format(target)}", "met" if met else "missed"


def show(rows: list[Row]) -> None:
    for cells in [("job", "measured", "target", "met/missed"), *rows]:
        print(" | ".join(cells))


def middle_of_pairs(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios. The two of a pair were measured one after the other."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def detail(figures: dict[str, list[float]], unit: str) -> None:
    """The median of each, and in brackets the least and the most."""
    for name, each in figures.items():
        print(f"    {name}: {median(each):.1f} ({min(each):.1f} to {max(each):.1f}) {unit}", file=sys.stderr)
