"""The releases of Hexstart: their versions, and what CHANGELOG.md asks of a clone."""

import re
from collections.abc import Collection

Version = tuple[int, int, int]


def version_of(text: str) -> Version | None:
    """`v1.2.0` or `1.2.0`. None for another text, such as a release candidate."""
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def tag(version: Version) -> str:
    return "v" + ".".join(map(str, version))


def entries(changelog: str, above: Version | None, up_to: Version) -> list[str]:
    """The entries below "What a clone has to do", of the releases above one and up to another, oldest first.

    Each is one line.
    """
    found: list[str] = []
    for part in re.split(r"(?m)^## ", changelog)[1:]:
        named = re.match(r"\[([\d.]+)\]", part)
        version = version_of(named[1]) if named else None
        if version and version <= up_to and (above is None or version > above):
            found = entries_of(part) + found
    return found


def entries_of(release: str) -> list[str]:
    """The same for the section of one release."""
    asked = release.partition("\n### What a clone has to do\n")[2].partition("\n### ")[0]
    return [" ".join(entry.split()) for entry in re.findall(r"(?ms)^- (.*?)(?=^- |^\n|\Z)", asked + "\n")]


def notes_of(path: str, told: Collection[str]) -> list[str]:
    """The entries that name exactly this file, in backticks."""
    return [entry for entry in told if f"`{path}`" in entry]


def for_all(told: Collection[str], files: Collection[str]) -> list[str]:
    """The entries that name no file: each clone has to do them."""
    return [entry for entry in told if not any(name in files for name in re.findall(r"`([^`]+)`", entry))]
