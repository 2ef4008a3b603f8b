"""The composition root: the only module that knows every adapter by name."""

import secrets
from datetime import UTC, datetime

from dependency_injector import containers, providers
from uuid_utils.compat import uuid7

from adapters.emails import email_syntax
from adapters.html import BleachSanitizer
from adapters.mail.letters import Letters as Templates
from adapters.mail.log import LogMailer
from adapters.no_limits import NoLimits
from adapters.passwords import BcryptHasher, QueueingHasher, zxcvbn_strength
from adapters.sql.engines import Engines, connect
from adapters.sql.limits import SqlLimiter
from adapters.sql.unit_of_work import SqlReading, SqlUnitOfWork
from application.accounts import Accounts
from application.administration import Administration
from application.attempts import Attempts
from application.audit import Audit
from application.confirmation import Confirmation
from application.emails import Emails
from application.housekeeping import Housekeeping
from application.links import Links
from application.outbox import Delivery, Letters
from application.passwords import Passwords
from application.ports import Clock, Mailer, RateLimiter
from application.sessions import Sessions
from application.teams import Teams
from entrypoints import site
from entrypoints.settings import REQUEST_THREADS, Settings


def rate_limiter(settings: Settings, engines: Engines, now: Clock) -> RateLimiter:
    if settings.limits == "off":
        return NoLimits()
    in_database = SqlLimiter(engines, now)
    if not settings.redis_url:
        return in_database
    from adapters.limits import RedisLimiter  # imported by those who have Redis

    return RedisLimiter(settings.redis_url, fallback=in_database)


def mailer(settings: Settings) -> Mailer:
    templates = Templates(settings.base_url, site.NAME, settings.link_life, site.ACCENT, site.ON_ACCENT)
    if not settings.mail_url:
        return LogMailer(templates)
    from adapters.mail.smtp import SmtpMailer  # imported by those who send mail

    return SmtpMailer(settings.mail_url, settings.mail_sender, site.SENDER, templates)


class Container(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)

    now = providers.Object(lambda: datetime.now(UTC))
    new_id = providers.Object(uuid7)
    new_secret = providers.Object(lambda: secrets.token_urlsafe(32))  # 256 bits

    engines = providers.Singleton(connect, settings.provided.database_url)
    look = providers.Factory(SqlReading, engines)
    transaction = providers.Factory(SqlUnitOfWork, engines)

    bcrypt = providers.Singleton(BcryptHasher, rounds=settings.provided.bcrypt_rounds)
    hasher = providers.Singleton(QueueingHasher, bcrypt, longest_queue=REQUEST_THREADS - 4)
    strength = providers.Object(zxcvbn_strength)
    syntax = providers.Object(email_syntax)
    sanitizer = providers.Singleton(BleachSanitizer)
    limiter = providers.Singleton(rate_limiter, settings, engines, now)
    mailer = providers.Singleton(mailer, settings)

    # What several use cases share.
    audit = providers.Factory(Audit, now, new_id)
    attempts = providers.Factory(Attempts, limiter)
    letters = providers.Factory(Letters, now, new_id)
    links = providers.Factory(Links, letters, settings.provided.link_life, now, new_id, new_secret)
    confirmation = providers.Factory(Confirmation, transaction.provider, hasher, attempts, audit)

    sessions = providers.Factory(
        Sessions,
        look=look.provider,
        transaction=transaction.provider,
        hasher=hasher,
        syntax=syntax,
        attempts=attempts,
        letters=letters,
        audit=audit,
        life=settings.provided.session_life,
        now=now,
        new_id=new_id,
        new_secret=new_secret,
    )
    accounts = providers.Factory(
        Accounts,
        look=look.provider,
        transaction=transaction.provider,
        confirmation=confirmation,
        sessions=sessions,
        links=links,
        attempts=attempts,
        hasher=hasher,
        strength=strength,
        syntax=syntax,
        audit=audit,
        now=now,
        new_id=new_id,
    )
    emails = providers.Factory(
        Emails,
        transaction=transaction.provider,
        confirmation=confirmation,
        links=links,
        letters=letters,
        syntax=syntax,
        attempts=attempts,
        audit=audit,
        now=now,
    )
    passwords = providers.Factory(
        Passwords,
        look=look.provider,
        transaction=transaction.provider,
        confirmation=confirmation,
        sessions=sessions,
        links=links,
        letters=letters,
        hasher=hasher,
        strength=strength,
        syntax=syntax,
        attempts=attempts,
        audit=audit,
    )
    teams = providers.Factory(Teams, look.provider, transaction.provider, sanitizer)
    administration = providers.Factory(Administration, look.provider, transaction.provider, syntax, audit)
    delivery = providers.Factory(Delivery, look.provider, transaction.provider, mailer, now)
    housekeeping = providers.Factory(Housekeeping, transaction.provider, limiter, now)
