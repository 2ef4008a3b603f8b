"""Rate limits counted in the database: one count for all processes, each by one conditional statement."""

from datetime import datetime
from functools import partial
from hashlib import sha256

from sqlalchemy import Column, Integer, String, Table, bindparam, or_, select

from adapters.sql.engines import Engines
from adapters.sql.mapping import Purge
from adapters.sql.tables import metadata
from adapters.sql.types import Utc
from adapters.sql.unit_of_work import SqlReading
from application.ports import Clock, RateLimiter, TakeBack
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
    .where(
        KEY,
        limits.c.expires_at > bindparam("now"),
        limits.c.expires_at <= bindparam("latest"),
        limits.c.count < bindparam("times"),
    )
    .values(count=limits.c.count + 1)
)
ANEW = (
    limits.update()
    .where(KEY, or_(limits.c.expires_at <= bindparam("now"), limits.c.expires_at > bindparam("latest")))
    .values(count=1, expires_at=bindparam("until"))
)
FIRST = limits.insert()
END = select(limits.c.expires_at).where(KEY)
ONE_LESS = (
    limits.update()
    .where(KEY, limits.c.expires_at == bindparam("end"), limits.c.count > 0)
    .values(count=limits.c.count - 1)
)
FORGET = limits.delete().where(KEY)
PURGE = Purge(limits.c.expires_at)


class SqlLimiter(RateLimiter):
    """On the engine that commits each statement: a count stays when the unit of work fails."""

    def __init__(self, engines: Engines, now: Clock) -> None:
        self.engines, self.now = engines, now

    def count(self, limit: Limit, subject: str) -> TakeBack:
        now, key = self.now(), key_of(limit, subject)
        until, latest = limit.end(now), limit.latest_end(now)
        once_more = {"its_key": key, "now": now, "latest": latest, "times": limit.times}
        anew = {"its_key": key, "now": now, "latest": latest, "until": until}
        with SqlReading(self.engines) as stored:
            if stored.execute(ONE_MORE, once_more).rowcount:
                end = stored.execute(END, {"its_key": key}).scalar() or until
                return partial(self._one_less, key, end)
            if stored.execute(ANEW, anew).rowcount:
                return partial(self._one_less, key, until)
        try:
            with SqlReading(self.engines) as stored:
                stored.execute(FIRST, {"key": key, "count": 1, "expires_at": until})
                return partial(self._one_less, key, until)
        except Stale:
            pass  # there is one: it is full, or another process has just begun it
        with SqlReading(self.engines) as stored:
            more = stored.execute(ONE_MORE, once_more).rowcount
            end = stored.execute(END, {"its_key": key}).scalar() or until
        if not more:
            raise TooManyAttempts(limit.retry_after((end - now).total_seconds()))
        return partial(self._one_less, key, end)

    def _one_less(self, key: str, end: datetime) -> None:
        """The end names the count: another one that has begun since ends later."""
        with SqlReading(self.engines) as stored:
            stored.execute(ONE_LESS, {"its_key": key, "end": end})

    def forget(self, limit: Limit, subject: str) -> None:
        with SqlReading(self.engines) as stored:
            stored.execute(FORGET, {"its_key": key_of(limit, subject)})

    def purge(self, limit: int) -> int:
        with SqlReading(self.engines) as stored:
            return PURGE.rows(stored.execute, self.now(), limit)


def key_of(limit: Limit, subject: str) -> str:
    """The subject as a hash: a reader of the table learns no addresses."""
    return sha256(f"{limit.name} {subject}".encode("utf-8", "surrogatepass")).hexdigest()
