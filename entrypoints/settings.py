"""The settings, from the environment or the file `.env`. A wrong setting is refused in one line."""

import re
import tomllib
from collections.abc import Collection
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

import idna
from pydantic import AnyUrl, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.links import Purpose
from domain.sessions import SessionLife
from entrypoints import site
from entrypoints.api.clients import Networks, networks_of
from entrypoints.cores import cores

ROOT = Path(__file__).parent.parent
SAMPLE_HOST = "change-me.example"  # as in .env.sample

# Request threads of a worker. Many logins at the same time must leave some threads free for other requests.
REQUEST_THREADS = 40

# The schemes of DATABASE_URL, with the installed driver or without a driver.
SQLITE = {"sqlite", "sqlite+pysqlite"}
POSTGRESQL = {"postgresql", "postgresql+psycopg", "postgres"}
MYSQL = {"mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"}

# Options that providers put behind the ? of DATABASE_URL, in the spelling of PostgreSQL, MySQL and Prisma.
OPTIONS: dict[str, set[str]] = {
    "sslmode": {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
    "ssl-mode": {"disabled", "preferred", "required", "verify_ca", "verify_identity"},
    "pgbouncer": {"true", "false"},
    "sslrootcert": set(),  # a file
}

DEFAULT_PORTS = {"http": 80, "https": 443}
# Labels with dots between. Browsers take a host whose last label has only digits for an IPv4 address.
HOST_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+$)[a-z0-9_-]{1,63}")

Seconds = Annotated[int, Field(ge=1, le=10 * 365 * 86_400)]  # at most ten years


# An address, alone or as in Acme <hello@acme.com>. ASCII before the @, because all mail servers accept it.
SENDER = re.compile(
    r'(?:"?(?P<name>[^<>"]*)"?\s*<)?'
    r"(?P<local>(?!\.|.*\.[.@])[A-Za-z0-9.&'+=%_-]{1,64})@(?P<domain>[\w-]{1,63}(?:\.[\w-]{1,63})*)(?(name)>)"
)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ROOT / ".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    app_env: Literal["development", "production"] = "development"
    entrypoint: Literal["flask", "starlette"] = "flask"
    event_stream: Literal["on", "off"] = "off"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    base_url: str = ""
    database_url: str = f"sqlite:///{quote(str(ROOT / 'var' / 'hexstart.db'))}"
    mail_url: str = ""
    mail_from: str = ""
    redis_url: str = ""
    limits: Literal["on", "off"] = "on"
    bcrypt_rounds: int = Field(default=12, ge=4, le=16)  # 16 takes seconds, 31 takes a day
    session_idle: Seconds = 43_200
    session_idle_remembered: Seconds = 1_209_600
    session_max: Seconds = 7_776_000
    verify_link_ttl: Seconds = 86_400
    reset_link_ttl: Seconds = 1_800
    invitation_ttl: Seconds = 604_800
    workers: int = Field(default_factory=cores, ge=1, le=1000)
    trusted_proxies: Annotated[Networks, NoDecode] = ()
    log_format: Literal["json", "text"] | None = None
    metrics: str = ""
    sentry_dsn: str = ""

    @field_validator("host")
    @classmethod
    def _address(cls, value: str) -> str:
        address = "127.0.0.1" if value.lower() == "localhost" else value.strip("[]")
        try:
            return str(ip_address("" if "%" in address else address))
        except ValueError:
            raise ValueError("must be an address of this machine, such as 127.0.0.1 or 0.0.0.0") from None

    @field_validator("mail_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        url = _url(value, {"smtp", "smtps", "smtp+starttls"})
        if value and (not url.hostname or _path(url)):
            raise ValueError("must be smtp://, smtps:// or smtp+starttls:// with a host and perhaps a port")
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_sender(cls, value: str) -> str:
        if value:
            _sender(value)
        return value

    @field_validator("metrics")
    @classmethod
    def _metrics(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not value:
            return value
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
            raise ValueError("must be an address of this machine with a port, such as 127.0.0.1:9100")
        return f"{cls._address(host)}:{int(port)}"

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        place, _, options = value.partition("?")
        scheme, _, path = place.partition("://")
        if scheme in SQLITE:
            # No database in memory: each connection would have its own.
            file = unquote(path[1:])
            if path[:1] != "/" or not file or not file.isprintable() or ":memory:" in file or options:
                raise ValueError("must name a file, such as sqlite:////var/lib/app.db, without options")
            if file.startswith("~"):
                try:
                    return f"{scheme}:///{quote(str(Path(file).expanduser()))}"
                except RuntimeError:
                    raise ValueError("names a home folder that is not there") from None
        elif not _url(value, {scheme} & (POSTGRESQL | MYSQL)).path.strip("/") or place.count("@") > 1:
            raise ValueError(
                "must be sqlite:///, postgresql:// (driver psycopg) or mysql:// (driver pymysql) with the "
                "name of a database; a password has %40 for @, %2F for / and so on"
            )
        _check_options(options, OPTIONS if scheme in POSTGRESQL else OPTIONS.keys() - {"pgbouncer"})
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_server(cls, value: str) -> str:
        url = _url(value, {"redis", "rediss"})
        # Some providers have a self-signed certificate and add this option.
        place = _path(url._replace(query=re.sub("^ssl_cert_reqs=(none|optional|required)$", "", url.query)))
        if value and not (url.scheme and (place.isdecimal() or not place)):
            raise ValueError("must be redis:// or rediss:// with a host and perhaps a port and a number")
        if url.query and url.scheme == "redis":
            raise ValueError("takes options with rediss:// only")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        try:
            return networks_of(value) if isinstance(value, str) else value
        except ValueError:  # its message quotes the value
            raise ValueError("must be addresses or networks, such as 127.0.0.1 or 10.0.0.0/8") from None

    @field_validator("sentry_dsn")
    @classmethod
    def _reports_to(cls, value: str) -> str:
        if value:
            from sentry_sdk.utils import Dsn  # imported only when it is set

            try:
                Dsn(_url(value, DEFAULT_PORTS).geturl())
            except ValueError:  # its message quotes the value
                raise ValueError("must be the DSN of a project in Sentry: https://KEY@HOST/NUMBER") from None
        return value

    # Runs before `_networks`: pydantic calls the last "before" validator first.
    @field_validator("*", mode="before")
    @classmethod
    def _visible(cls, value: Any) -> Any:
        value = value.strip() if isinstance(value, str) else value
        if isinstance(value, str) and not value.isprintable():
            raise ValueError("has an invisible character, such as a line break")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.base_url:
            if self.production:
                raise ValueError("BASE_URL is missing: production needs it, links in mails begin with it")
            host = f"[{self.host}]" if ":" in self.host else self.host
            object.__setattr__(self, "base_url", f"http://{host}:{self.port}")
        url = _url(self.base_url, set(DEFAULT_PORTS))
        host = _host((url.hostname or "").removesuffix("."))
        if not host or url.username is not None or _path(url):
            raise ValueError("BASE_URL must look like https://app.your-company.com, without a path")
        port = f":{url.port}" if url.port not in {None, DEFAULT_PORTS[url.scheme]} else ""
        # In the form that browsers use in Host and Origin.
        object.__setattr__(self, "base_url", f"{url.scheme}://{host}{port}")
        if self.metrics and self.metrics_address[1] == self.port:
            raise ValueError("METRICS must have another port than PORT: the site is public")
        if self.production:
            if host.endswith(SAMPLE_HOST):
                raise ValueError("BASE_URL still has its sample value")
            if url.scheme == "http" and not _loopback(host.strip("[]")):
                raise ValueError("BASE_URL must begin with https:// in production")
            if not self.mail_url:
                raise ValueError("MAIL_URL is missing: production needs it to send mail")
            if SAMPLE_HOST in self.mail_url:
                raise ValueError("MAIL_URL still has its sample value")
            if SAMPLE_HOST in self.mail_from:
                raise ValueError("MAIL_FROM still has its sample value")
            if self.limits == "off":
                raise ValueError("LIMITS must be on in production")
            if self.bcrypt_rounds < 10:
                raise ValueError("BCRYPT_ROUNDS must be at least 10 in production")
        return self

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @property
    def metrics_address(self) -> tuple[str, int]:
        host, _, port = self.metrics.rpartition(":")
        return host, int(port)

    @property
    def mail_sender(self) -> tuple[str, str]:
        """The name and the address of the sender of mails."""
        if self.mail_from:
            return _sender(self.mail_from)
        domain = _domain(urlsplit(self.base_url).hostname or "")
        return site.SENDER, f"noreply@{domain or 'localhost'}"

    @property
    def link_lifetimes(self) -> dict[Purpose, timedelta]:
        return {
            Purpose.VERIFY_EMAIL: timedelta(seconds=self.verify_link_ttl),
            Purpose.RESET_PASSWORD: timedelta(seconds=self.reset_link_ttl),
            Purpose.INVITATION: timedelta(seconds=self.invitation_ttl),
        }

    @property
    def session_life(self) -> SessionLife:
        return SessionLife(
            idle=timedelta(seconds=self.session_idle),
            idle_remembered=timedelta(seconds=self.session_idle_remembered),
            longest=timedelta(seconds=self.session_max),
        )


def load(database_url: str | None = None) -> Settings:
    """The settings of this process. Exits with one line that names a wrong setting.

    `database_url` wins over DATABASE_URL.
    """
    file = Path(str(Settings.model_config["env_file"]))
    try:
        # In UTF-16 each second byte is NUL. The names of the settings would not be recognized.
        if file.exists() and not file.is_fifo() and b"\0" in file.read_bytes():
            raise refused(".env must be in UTF-8")
        return Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        raise refused(_in_one_line(error)) from None
    except UnicodeDecodeError:
        raise refused(".env must be in UTF-8") from None
    except OSError as error:
        raise refused(f".env cannot be read: {error.strerror}") from None


def version() -> str:
    """The version of the site. pyproject.toml is the only file that names it."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def refused(reason: str) -> SystemExit:
    return SystemExit(f"{site.NAME} does not start: {reason}")


def _in_one_line(error: ValidationError) -> str:
    # Without the value, which may hold a password.
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = str(first["loc"][0]).upper() + ": " if first["loc"] else ""
    return name + first["msg"].removeprefix("Value error, ")


def _url(url: str, schemes: Collection[str]) -> SplitResult:
    """The parts of the URL. All parts are empty when it is not well-formed."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # raises ValueError, as drivers and clients would later
        complete = "://" in url and parts.port != 0 and not parts.netloc.endswith(":")
        sound = parts.scheme in schemes and complete and unquote(url).isprintable()
    except ValueError:
        sound = False
    return parts if sound else urlsplit("")


def _path(url: SplitResult) -> str:
    """Path, query and fragment, without slashes at both ends."""
    return url._replace(scheme="", netloc="").geturl().strip("/")


def _check_options(options: str, known: Collection[str]) -> None:
    found = parse_qsl(options, keep_blank_values=True)
    if {name for name, _ in found} - set(known) or len(dict(found)) < len(found):
        raise ValueError(f"takes no options but {', '.join(sorted(known))}, each once")
    for name, value in found:
        if name != "sslrootcert" and value.lower() not in OPTIONS[name]:
            raise ValueError(f"{name} must be one of {', '.join(sorted(OPTIONS[name]))}")
        if name == "sslrootcert" and value != "system":
            import ssl  # the import is slow

            try:
                ssl.create_default_context(cafile=value)
            except OSError:
                raise ValueError("sslrootcert must be a file of certificates that can be read") from None


def _host(host: str) -> str:
    """The host as browsers write it: a name in IDNA, an address in its shortest form. "" for no host."""
    try:
        return f"[{ip_address(host).compressed}]" if ":" in host else str(ip_address(host))
    except ValueError:
        pass
    try:
        name = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except UnicodeError:
        return ""
    return name if HOST_NAME.fullmatch(name) else ""


def _sender(text: str) -> tuple[str, str]:
    found = SENDER.fullmatch(text.strip())
    domain = _domain(found["domain"]) if found else ""
    if not found or not domain or not (found["name"] or "").isprintable():
        raise ValueError("must look like hello@acme.com or Acme <hello@acme.com>")
    return (found["name"] or "").strip() or site.SENDER, f"{found['local']}@{domain}"


def _domain(host: str) -> str:
    """The host as the domain of mail addresses, in ASCII (IDNA). "" for an IP address."""
    try:
        ascii_host = AnyUrl(f"http://{f'[{host}]' if ':' in host else host}").host or ""
    except ValidationError:
        return ""
    return "" if re.fullmatch(r"[\d.]+|\[.*\]", ascii_host) else ascii_host.rstrip(".")


def _loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
