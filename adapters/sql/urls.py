"""DATABASE_URL as the drivers take it: the driver's name, encryption, and a pooler in between."""

import re
import ssl
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
# MySQL's words in PostgreSQL's.
MODES = {
    "disabled": "disable",
    "preferred": "prefer",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-full",
}


def understood(database_url: str) -> tuple[URL, dict[str, Any]]:
    """The URL with the driver that is installed and without options, and what the options ask of the driver.

    The settings have refused all other options. Raise ArgumentError when it is no URL.
    """
    url = make_url(database_url)
    options = {name: str(value) for name, value in url.query.items()}
    mode = (options.get("sslmode") or options.get("ssl-mode") or "").lower()
    mode, root = MODES.get(mode, mode), options.get("sslrootcert", "")
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername), query={})
    match url.get_backend_name():
        case "postgresql":
            asked: dict[str, Any] = {"client_encoding": "utf8"}  # whatever PGCLIENTENCODING says
            if mode:
                asked["sslmode"] = mode
            if root:
                asked["sslrootcert"] = root
            if options.get("pgbouncer", "").lower() == "true":
                # The next transaction may have another connection to the server, which does not know the
                # statements that were prepared on this one.
                asked["prepare_threshold"] = None
            return url, asked
        case "mysql":
            return url, {"charset": "utf8mb4"} | _encryption(mode, root)
    return url, {}


def _encryption(mode: str, root: str) -> dict[str, Any]:
    """PyMySQL encrypts where the server can, unchecked. With a context it refuses a server that cannot."""
    if mode == "disable":
        return {"ssl_disabled": True}
    if mode not in {"require", "verify-ca", "verify-full"} and not root:
        return {}
    context = ssl.create_default_context(cafile=None if root == "system" else root or None)
    # Certificates that MySQL makes for itself are not in the strict form that Python 3.13 asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = mode == "verify-full"
    if mode == "require" and not root:
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


def words_of(error: DBAPIError | OSError, url: URL) -> str:
    """Why the driver did not connect, in one line that has nothing of the URL."""
    words = str(error.orig) if isinstance(error, DBAPIError) else str(error.strerror)
    for part in filter(None, (url.password, url.username, url.host, url.database)):
        words = re.sub(rf"(?<!\w){re.escape(str(part))}(?!\w)", "...", words)
    return " ".join(words.split())
