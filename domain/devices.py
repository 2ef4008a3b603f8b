"""The devices that a user has logged in with: a login from another one is told by mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from domain.personal import PersonalStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`name` is what `device_of` says, so a user has a hundred devices at most."""

    EXPORTED: ClassVar = "name first_seen_at"

    user_id: UUID
    name: str
    first_seen_at: datetime


class DeviceStore(PersonalStore, Protocol):
    def add(self, device: Device) -> None:
        """Raise Stale when the user has it already, or is gone."""

    def of(self, user_id: UUID) -> set[str]:
        """The names of the user's devices."""


# The first match decides: newer browsers name the older ones, too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("command line", "Command line"),
    ("curl", "curl"),
    ("python", "Python"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """In words: "Firefox on Linux". An update of the browser does not change it.

    The names are stored: after a change here, a login from a renamed device is told by mail once.
    """
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"
