"""A session: somebody who logged in, on one device, for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from domain.errors import NotAuthenticated

# Writing on every request would double its cost, and nobody reads the list of devices by the second.
TOUCH_EVERY = timedelta(minutes=1)
# But where sessions may be unused for a few minutes only, a tenth of that: who is here must not be put out.
TOUCHES_PER_IDLE = 10

# Longer ones are cut, not refused: the client's name for itself is decoration.
LONGEST_USER_AGENT = 200


class WrongCredentials(NotAuthenticated):
    """One answer for an unknown address and for a wrong password: nobody learns who has an account."""

    code = 40101
    message = "The email address or the password is wrong."


class NotLoggedIn(NotAuthenticated):
    code = 40102
    message = "Please log in. Your session may have ended."


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from, as far as we can tell."""

    ip: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a session lives: unused, unused with `remember`, and at most."""

    idle: timedelta
    idle_remembered: timedelta
    longest: timedelta

    def unused(self, remembered: bool) -> timedelta:
        return self.idle_remembered if remembered else self.idle

    def end(self, remembered: bool, created_at: datetime, last_seen_at: datetime) -> datetime:
        return min(last_seen_at + self.unused(remembered), created_at + self.longest)


@dataclass(slots=True, kw_only=True)
class Session:
    """`secret_hash` is all we keep of the cookie: who reads the table cannot log in with it."""

    id: UUID
    user_id: UUID
    secret_hash: str
    remembered: bool
    ip: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime

    @property
    def device(self) -> str:
        return device_of(self.user_agent)

    def due(self, now: datetime, life: SessionLife) -> bool:
        """Has it been long enough to write down that the session is in use?"""
        return now - self.last_seen_at >= min(TOUCH_EVERY, life.unused(self.remembered) / TOUCHES_PER_IDLE)


def hash_of(secret: str) -> str:
    """SHA-256 without salt or stretching is right here: the secret is 256 random bits, not a password."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


# The first that occurs decides: browsers claim to be each other's kin, the newer the more.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
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
    """In words, as well as can be told: "Firefox on Linux". It stays the same when the browser is updated."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"
