"""Rate limits counted in the database: one count for all processes, each by one conditional statement."""

from datetime import timedelta
from hashlib import sha256
from math import ceil

from sqlalchemy import Column, Integer, String, Table, bindparam, select

from adapters.sql.engines import Engines
from adapters.sql.mapping import Purge
from adapters.sql.tables import metadata
from adapters.sql.types import Utc
from adapters.sql.unit_of_work import SqlReading
from application.ports import Clock, RateLimiter
from domain.errors import Stale, TooManyAttempts
from domain.limits import Limit

limits = Table(
    "limits",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

KEY = limits.c.key == bindparam("its_key")
ONE_MORE = (
    limits.update()
    .where(KEY, limits.c.expires_at > bindparam("now"), limits.c.count < bindparam("times"))
    .values(count=limits.c.count + 1)
)
ANEW = (
    limits.update()
    .where(KEY, limits.c.expires_at <= bindparam("now"))
    .values(count=1, expires_at=bindparam("until"))
)
FIRST = limits.insert()
END = select(limits.c.expires_at).where(KEY)
FORGET = limits.delete().where(KEY)
PURGE = Purge(limits.c.expires_at)


class SqlLimiter(RateLimiter):
    """On the engine that commits each statement: a refused attempt is counted, too."""

    def __init__(self, engines: Engines, now: Clock) -> None:
        self.engines, self.now = engines, now

    def count(self, limit: Limit, subject: str) -> None:
        now, key = self.now(), key_of(limit, subject)
        until = now + timedelta(seconds=limit.seconds)
        once_more = {"its_key": key, "now": now, "times": limit.times}
        with SqlReading(self.engines) as stored:
            if stored.execute(ONE_MORE, once_more).rowcount:
                return
            if stored.execute(ANEW, {"its_key": key, "now": now, "until": until}).rowcount:
                return
        try:
            with SqlReading(self.engines) as stored:
                stored.execute(FIRST, {"key": key, "count": 1, "expires_at": until})
                return
        except Stale:
            pass  # there is one: it is full, or another process has just begun it
        with SqlReading(self.engines) as stored:
            if stored.execute(ONE_MORE, once_more).rowcount:
                return
            end = stored.execute(END, {"its_key": key}).scalar() or until
        raise TooManyAttempts(max(1, ceil((end - now).total_seconds())))

    def forget(self, limit: Limit, subject: str) -> None:
        with SqlReading(self.engines) as stored:
            stored.execute(FORGET, {"its_key": key_of(limit, subject)})

    def purge(self, limit: int) -> int:
        with SqlReading(self.engines) as stored:
            return PURGE.rows(stored.execute, self.now(), limit)


def key_of(limit: Limit, subject: str) -> str:
    """The subject as a hash: a reader of the table learns no addresses."""
    return sha256(f"{limit.name} {subject}".encode("utf-8", "surrogatepass")).hexdigest()
