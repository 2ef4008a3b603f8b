"""DATABASE_URL, translated for the drivers: the driver's name, encryption, a pooler."""

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
# The values of MySQL's ssl-mode, as values of PostgreSQL's sslmode.
MODES = {
    "disabled": "disable",
    "preferred": "prefer",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-full",
}


def parsed(database_url: str) -> tuple[URL, dict[str, Any]]:
    """The URL with the installed driver and without options, and the driver's arguments for the options.

    `Settings` refuses unknown options. Raise ArgumentError for a text that is no URL.
    """
    url = make_url(database_url)
    options = {name: str(value) for name, value in url.query.items()}
    mode = (options.get("sslmode") or options.get("ssl-mode") or "").lower()
    mode, root = MODES.get(mode, mode), options.get("sslrootcert", "")
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername), query={})
    match url.get_backend_name():
        case "postgresql":
            arguments: dict[str, Any] = {"client_encoding": "utf8"}  # wins over PGCLIENTENCODING
            if mode:
                arguments["sslmode"] = mode
            if root:
                arguments["sslrootcert"] = root
            if options.get("pgbouncer", "").lower() == "true":
                # A pooler gives each transaction another connection to the server. A statement that was
                # prepared on one connection is unknown on the others.
                arguments["prepare_threshold"] = None
            return url, arguments
        case "mysql":
            return url, {"charset": "utf8mb4"} | _encryption(mode, root)
    return url, {}


def _encryption(mode: str, root: str) -> dict[str, Any]:
    """PyMySQL's arguments. Without a context it encrypts when the server can, and checks no certificate.

    With a context it refuses a server that cannot encrypt.
    """
    if mode == "disable":
        return {"ssl_disabled": True}
    if mode not in {"require", "verify-ca", "verify-full"} and not root:
        return {}
    context = ssl.create_default_context(cafile=None if root == "system" else root or None)
    # The certificates that MySQL generates fail the strict check of Python 3.13.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = mode == "verify-full"
    if mode == "require" and not root:
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


def words_of(error: DBAPIError | OSError, url: URL) -> str:
    """The reason why the driver did not connect, in one line without any part of the URL."""
    words = str(error.orig) if isinstance(error, DBAPIError) else str(error.strerror)
    for part in filter(None, (url.password, url.username, url.host, url.database)):
        words = re.sub(rf"(?<!\w){re.escape(str(part))}(?!\w)", "...", words)
    return " ".join(words.split())
