"""The settings: read from the environment or a file `.env`, refused in one line."""

import os
import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AnyUrl, Field, PositiveInt, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.links import Purpose
from domain.sessions import SessionLife
from entrypoints import site

ROOT = Path(__file__).parent.parent
SAMPLE_HOST = "change-me.example"  # as in .env.sample

# The cores that this process may use: taskset or a container may allow fewer than the machine has.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

# Request threads of a worker: more than a flood of logins has connections, so that others are still served.
REQUEST_THREADS = 40

# As SQLAlchemy spells them, with the installed driver or without one.
SQLITE = {"sqlite", "sqlite+pysqlite"}
POSTGRESQL = {"postgresql", "postgresql+psycopg", "postgres"}
MYSQL = {"mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"}


# An address, alone or as in Acme <hello@acme.com>. ASCII before the @: any mail server takes it.
SENDER = re.compile(
    r'(?:"?(?P<name>[^<>"]*)"?\s*<)?'
    r"(?P<local>(?!\.|.*\.[.@])[A-Za-z0-9.&'+=%_-]{1,64})@(?P<domain>[\w-]{1,63}(?:\.[\w-]{1,63})*)(?(name)>)"
)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    app_env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    base_url: str = ""
    database_url: str = f"sqlite:///{ROOT / 'var' / 'hexstart.db'}"
    mail_url: str = ""
    mail_from: str = ""
    redis_url: str = ""
    limits: Literal["on", "off"] = "on"
    bcrypt_rounds: int = Field(default=12, ge=4, le=31)
    session_idle: PositiveInt = 43_200
    session_idle_remembered: PositiveInt = 1_209_600
    session_max: PositiveInt = 7_776_000
    verify_link_ttl: PositiveInt = 86_400
    reset_link_ttl: PositiveInt = 1_800
    workers: PositiveInt = CORES
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    log_format: Literal["json", "text"] | None = None

    @field_validator("host")
    @classmethod
    def _address(cls, value: str) -> str:
        address = "127.0.0.1" if value == "localhost" else value
        try:
            return str(ip_address(address))
        except ValueError:
            raise ValueError("must be an address of this machine, such as 127.0.0.1 or 0.0.0.0") from None

    @field_validator("mail_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value and not (_scheme(value) in {"smtp", "smtps", "smtp+starttls"} and urlsplit(value).hostname):
            raise ValueError("must be smtp://, smtps:// or smtp+starttls:// with a host and perhaps a port")
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_sender(cls, value: str) -> str:
        if value:
            _sender(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        scheme, _, place = value.partition("://")
        if scheme in SQLITE:
            # Each connection to a database in memory would have its own.
            if len(place) < 2 or ":memory:" in place or "mode=memory" in place:
                raise ValueError("must name a file, such as sqlite:////var/lib/app.db")
        elif scheme not in POSTGRESQL | MYSQL or not _scheme(value):
            raise ValueError(
                "must be sqlite:///, postgresql:// (driver psycopg) or mysql:// (driver pymysql) "
                "with a host and perhaps a port"
            )
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_server(cls, value: str) -> str:
        if value and _scheme(value) not in {"redis", "rediss"}:
            raise ValueError("must be redis:// or rediss:// with a host and perhaps a port")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        return [ip_network(part.strip()) for part in value.split(",")] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.base_url:
            if self.production:
                raise ValueError("BASE_URL is missing: production needs it, links in mails begin with it")
            host = f"[{self.host}]" if ":" in self.host else self.host
            object.__setattr__(self, "base_url", f"http://{host}:{self.port}")
        parts = urlsplit(self.base_url if _scheme(self.base_url) in {"http", "https"} else "")
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("BASE_URL must look like https://app.your-company.com, without a path")
        object.__setattr__(self, "base_url", f"{parts.scheme}://{parts.netloc.lower()}")
        if self.production:
            if (parts.hostname or "").endswith(SAMPLE_HOST):
                raise ValueError("BASE_URL still has its sample value")
            if parts.scheme == "http" and not _loopback(parts.hostname):
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
    def mail_sender(self) -> tuple[str, str]:
        """The name and the address that mails come from."""
        if self.mail_from:
            return _sender(self.mail_from)
        domain = _domain(urlsplit(self.base_url).hostname or "")
        return site.SENDER, f"noreply@{domain or 'localhost'}"

    @property
    def link_lifetimes(self) -> dict[Purpose, timedelta]:
        return {
            Purpose.VERIFY_EMAIL: timedelta(seconds=self.verify_link_ttl),
            Purpose.RESET_PASSWORD: timedelta(seconds=self.reset_link_ttl),
        }

    @property
    def session_life(self) -> SessionLife:
        return SessionLife(
            idle=timedelta(seconds=self.session_idle),
            idle_remembered=timedelta(seconds=self.session_idle_remembered),
            longest=timedelta(seconds=self.session_max),
        )


def load(database_url: str | None = None) -> Settings:
    """The settings of this process. Exits with one line that names the setting that cannot be used.

    A `database_url` given here wins over DATABASE_URL.
    """
    try:
        return Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        raise SystemExit(_in_one_line(error)) from None


def _in_one_line(error: ValidationError) -> str:
    # Never the value: it may hold a password.
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = str(first["loc"][0]).upper() + ": " if first["loc"] else ""
    return f"{site.NAME} does not start: {name}{first['msg'].removeprefix('Value error, ')}"


def _scheme(url: str) -> str:
    """The scheme of a well-formed URL, else an empty string."""
    try:
        parts = urlsplit(url)
        return parts.scheme if "://" in url and (parts.port is None or parts.port > 0) else ""
    except ValueError:
        return ""


def _sender(text: str) -> tuple[str, str]:
    found = SENDER.fullmatch(text.strip())
    domain = _domain(found["domain"]) if found else ""
    if not found or not domain or not (found["name"] or "").isprintable():
        raise ValueError("must look like hello@acme.com or Acme <hello@acme.com>")
    return (found["name"] or "").strip() or site.SENDER, f"{found['local']}@{domain}"


def _domain(host: str) -> str:
    """A host as the domain of mailboxes, in ASCII (IDNA). Empty for an IP address: that is none."""
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
