"""The composition root: the only module that names adapters. Each service is one line, wired by name."""

import secrets
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from dependency_injector import containers, providers
from uuid_utils.compat import uuid7

from adapters.codes import TotpCodes
from adapters.emails import email_syntax
from adapters.html import BleachSanitizer
from adapters.mail.log import LogMailer
from adapters.mail.rendering import Templates
from adapters.no_limits import NoLimits
from adapters.passwords import BcryptHasher, QueueingHasher, zxcvbn_strength
from adapters.sql.backup import back_up, restore
from adapters.sql.engines import Engines, connect, unusable
from adapters.sql.limits import SqlLimiter
from adapters.sql.readiness import check, check_at_start, close
from adapters.sql.unit_of_work import SqlReading, SqlUnitOfWork
from adapters.sql.wal import check_wal
from application.accounts import Accounts
from application.administration import Administration
from application.codes import Codes
from application.emails import Emails
from application.events import Events
from application.housekeeping import Housekeeping
from application.impersonation import Impersonation
from application.invitations import Invitations
from application.limits import Limits
from application.links import Links
from application.logins import Logins
from application.mails import Delivery, Mails
from application.passwords import Passwords
from application.ports import Clock, Mailer, RateLimiter
from application.reauthentication import Reauthentication
from application.sessions import Sessions
from application.streams import Streams
from application.teams import Teams
from application.tokens import Tokens
from application.two_factor import SecondFactors
from application.wiring import Wire, parts_of
from domain.errors import Unavailable
from entrypoints import site
from entrypoints.api.http import session_cookie
from entrypoints.api.openapi import document
from entrypoints.api.routes import routes
from entrypoints.settings import REQUEST_THREADS, Settings, refused

if TYPE_CHECKING:
    from adapters.prometheus import Metrics

T = TypeVar("T")


def rate_limiter(settings: Settings, engines: Engines, now: Clock) -> RateLimiter:
    if settings.limits == "off":
        return NoLimits()
    limiter: RateLimiter = SqlLimiter(engines, now)
    if settings.redis_url:
        limiter = in_redis(settings.redis_url, limiter)
    return counted(limiter) if settings.metrics else limiter


def in_redis(url: str, fallback: RateLimiter) -> RateLimiter:
    from adapters.redis_limits import RedisLimiter  # imports redis

    return RedisLimiter(url, fallback)


def counted(limiter: RateLimiter) -> RateLimiter:
    from adapters.prometheus import CountedLimiter  # imports prometheus_client

    return CountedLimiter(limiter)


def templates(settings: Settings) -> Templates:
    return Templates(settings.base_url, site, settings.link_lifetimes)


def mailer(settings: Settings, templates: Templates) -> Mailer:
    if not settings.mail_url:
        return LogMailer(templates)
    from adapters.mail.smtp import SmtpMailer  # imports ssl and smtplib

    name, address = settings.mail_sender
    return SmtpMailer(settings.mail_url, address, name, templates)


def metrics(settings: Settings, engines: Engines, hasher: QueueingHasher, delivery: Delivery) -> "Metrics":
    from adapters.prometheus import Metrics  # imports prometheus_client

    return Metrics(settings.metrics_address, engines, hasher, delivery.backlog)


@cache
def openapi(base_url: str, cookie_name: str) -> dict[str, Any]:
    """The description of the API. Its rows need no services."""

    def bare(kind: type[T]) -> T:
        return kind(**dict.fromkeys(field.name for field in fields(kind)))  # type: ignore[arg-type]

    return document(routes(bare), base_url, cookie_name)


def service(kind: type[T], parts: Mapping[str, Any]) -> "providers.Factory[T]":
    return providers.Factory(kind, **parts_of(kind, parts))


class Container(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)
    session_life = settings.provided.session_life
    link_lifetimes = settings.provided.link_lifetimes
    cookie = providers.Singleton(session_cookie, settings)
    openapi = providers.Singleton(partial, openapi, settings.provided.base_url, cookie.provided.name)

    now = providers.Object(lambda: datetime.now(UTC))
    new_id = providers.Object(uuid7)
    new_secret = providers.Object(lambda: secrets.token_urlsafe(32))  # 256 bits

    engines = providers.Singleton(connect, settings.provided.database_url)
    look = providers.Singleton(partial, SqlReading, engines)
    transaction = providers.Singleton(partial, SqlUnitOfWork, engines)
    check = providers.Singleton(partial, check, engines)
    check_wal = providers.Callable(check_wal, settings.provided.database_url)
    check_at_start = providers.Callable(check_at_start, settings.provided.database_url, engines)
    close = providers.Callable(close, engines)
    back_up = providers.Callable(back_up, settings.provided.database_url)
    restore = providers.Callable(restore, settings.provided.database_url)

    bcrypt = providers.Singleton(BcryptHasher, rounds=settings.provided.bcrypt_rounds)
    hasher = providers.Singleton(QueueingHasher, bcrypt, longest_queue=REQUEST_THREADS - 4)
    strength = providers.Object(zxcvbn_strength)
    syntax = providers.Object(email_syntax)
    one_time_codes = providers.Object(TotpCodes(site.NAME))
    sanitizer = providers.Singleton(BleachSanitizer)
    limiter = providers.Singleton(rate_limiter, settings, engines, now)
    templates = providers.Singleton(templates, settings)
    mailer = providers.Singleton(mailer, settings, templates)

    # `vars()` has the lines above, so a service comes after the services that it uses.
    events = service(Events, vars())
    limits = service(Limits, vars())
    mails = service(Mails, vars())
    links = service(Links, vars())
    codes = service(Codes, vars())
    logins = service(Logins, vars())
    reauthentication = service(Reauthentication, vars())
    sessions = service(Sessions, vars())
    accounts = service(Accounts, vars())
    emails = service(Emails, vars())
    passwords = service(Passwords, vars())
    teams = service(Teams, vars())
    administration = service(Administration, vars())
    invitations = service(Invitations, vars())
    impersonation = service(Impersonation, vars())
    tokens = service(Tokens, vars())
    two_factor = service(SecondFactors, vars())
    delivery = service(Delivery, vars())
    housekeeping = service(Housekeeping, vars())
    streams = providers.Singleton(Streams, look, now)
    metrics = providers.Callable(metrics, settings, engines, hasher, delivery)


def opened(settings: Settings) -> Container:
    """The container for these settings. Exits with one line when the database can never serve."""
    container = Container(settings=settings)
    try:
        container.check_wal()  # before this process opens the file
    except Unavailable as error:
        raise refused(f"DATABASE_URL: {error.reason}") from None
    reason = unusable(container.engines())
    if reason:
        raise refused(f"DATABASE_URL: {reason}")
    return container


def wire_from(container: Container) -> Wire:
    """Builds views from the services of a container."""

    def wire(kind: type[T]) -> T:
        return kind(**{name: part() for name, part in parts_of(kind, container.providers).items()})

    return wire
