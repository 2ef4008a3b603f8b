"""The composition root: the only module that knows every adapter by name."""

import secrets
from datetime import UTC, datetime

from dependency_injector import containers, providers
from uuid_utils.compat import uuid7

from adapters.emails import email_syntax
from adapters.html import BleachSanitizer
from adapters.passwords import BcryptHasher, QueueingHasher, zxcvbn_strength
from adapters.sql.engines import connect
from adapters.sql.unit_of_work import SqlReading, SqlUnitOfWork, ping
from application.accounts import Accounts
from application.administration import Administration
from application.audit import Audit
from application.sessions import Sessions
from application.teams import Teams
from entrypoints.settings import REQUEST_THREADS, Settings


class Container(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)

    now = providers.Object(lambda: datetime.now(UTC))
    new_id = providers.Object(uuid7)
    new_secret = providers.Object(lambda: secrets.token_urlsafe(32))  # 256 bits

    engines = providers.Singleton(connect, settings.provided.database_url)
    look = providers.Factory(SqlReading, engines)
    transaction = providers.Factory(SqlUnitOfWork, engines)
    ping = providers.Callable(ping, engines)

    bcrypt = providers.Singleton(BcryptHasher, rounds=settings.provided.bcrypt_rounds)
    hasher = providers.Singleton(QueueingHasher, bcrypt, longest_queue=REQUEST_THREADS - 4)
    strength = providers.Object(zxcvbn_strength)
    syntax = providers.Object(email_syntax)
    sanitizer = providers.Singleton(BleachSanitizer)

    audit = providers.Factory(Audit, now, new_id)
    sessions = providers.Factory(
        Sessions,
        look.provider,
        transaction.provider,
        hasher,
        syntax,
        audit,
        settings.provided.session_life,
        now,
        new_id,
        new_secret,
    )
    accounts = providers.Factory(
        Accounts, transaction.provider, sessions, hasher, strength, syntax, audit, now, new_id
    )
    teams = providers.Factory(Teams, look.provider, transaction.provider, sanitizer)
    administration = providers.Factory(Administration, look.provider, transaction.provider, syntax, audit)
