"""Devices that users have logged in with. A login from a new device sends a mail to the user."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from domain.personal import PersonalStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`name` is a result of `device_of`. There are under 100 names, so a user has under 100 devices."""

    EXPORTED: ClassVar = "name first_seen_at"

    user_id: UUID
    name: str
    first_seen_at: datetime


class DeviceStore(PersonalStore, Protocol):
    def add(self, device: Device) -> None:
        """Raise Stale when the user has this device already, or is deleted."""

    def of(self, user_id: UUID) -> set[str]:
        """The names of the user's devices."""


# The first match wins: Edge also names Chrome and Safari in its user agent.
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
    """The browser and system, as "Firefox on Linux". A browser update does not change the name.

    Names are stored: a device whose name changes here counts as new at its next login.
    """
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"
