from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, bindparam, func, select

from adapters.sql.mapping import PersonalRows, Rows
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Id, Utc
from domain.paging import Page
from domain.two_factor import RecoveryCode, TwoFactor, TwoFactorStore, exported_factor

two_factors = Table(
    "two_factors",
    metadata,
    user_id(primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("confirmed_at", Utc),
    Column("last_step", BigInteger, nullable=False),
)
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Id, ForeignKey("two_factors.user_id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)

TWO_FACTORS = Rows(TwoFactor, two_factors)
RECOVERY_CODES = Rows(RecoveryCode, recovery_codes)
ITS_USER = two_factors.c.user_id == bindparam("its_user_id")
GET = TWO_FACTORS.select.where(ITS_USER)
USE_STEP = (
    two_factors.update()
    .where(ITS_USER, two_factors.c.last_step < bindparam("its_step"))
    .values(last_step=bindparam("its_step"))
)
CONFIRM = two_factors.update().where(ITS_USER).values(confirmed_at=bindparam("now"))
CODES = recovery_codes.c.user_id == bindparam("its_user_id")
COUNT_CODES = select(func.count()).where(CODES)
DROP_CODES = recovery_codes.delete().where(CODES)
USE_CODE = DROP_CODES.where(recovery_codes.c.code_hash == bindparam("its_code_hash"))


class SqlTwoFactor(PersonalRows, TwoFactorStore):
    rows = TWO_FACTORS

    def get(self, user_id: UUID) -> TwoFactor | None:
        return TWO_FACTORS.one(self.execute(GET, {"its_user_id": user_id}))

    def use_step(self, user_id: UUID, step: int) -> bool:
        return self.execute(USE_STEP, {"its_user_id": user_id, "its_step": step}).rowcount == 1

    def confirm(self, user_id: UUID, now: datetime) -> None:
        self.execute(CONFIRM, {"its_user_id": user_id, "now": now})

    def set_recovery_codes(self, user_id: UUID, code_hashes: list[str]) -> None:
        self.execute(DROP_CODES, {"its_user_id": user_id})
        for code_hash in code_hashes:
            self.execute(RECOVERY_CODES.insert, {"user_id": user_id, "code_hash": code_hash})

    def use_recovery_code(self, user_id: UUID, code_hash: str) -> bool:
        return self.execute(USE_CODE, {"its_user_id": user_id, "its_code_hash": code_hash}).rowcount == 1

    def recovery_codes_left(self, user_id: UUID) -> int:
        found: int = self.execute(COUNT_CODES, {"its_user_id": user_id}).scalar_one()
        return found

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        factor = self.get(user_id)
        return Page([exported_factor(factor, self.recovery_codes_left(user_id))] if factor else [], None)
