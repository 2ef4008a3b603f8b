from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.memory.rows import PersonalRows
from domain.paging import Page
from domain.two_factor import RecoveryCode, TwoFactor, TwoFactorStore, exported_factor


class MemoryTwoFactor(PersonalRows, TwoFactorStore):
    table = "two_factors"

    def get(self, user_id: UUID) -> TwoFactor | None:
        found: TwoFactor | None = self.rows.get(user_id)
        return found

    def use_step(self, user_id: UUID, step: int) -> bool:
        factor = self.get(user_id)
        if factor is None or factor.last_step >= step:
            return False
        self.rows.put(replace(factor, last_step=step))
        return True

    def confirm(self, user_id: UUID, now: datetime) -> None:
        for factor in self.rows.where(user_id=user_id):
            self.rows.put(replace(factor, confirmed_at=now))

    def set_recovery_codes(self, user_id: UUID, code_hashes: list[str]) -> None:
        codes = self.tables["recovery_codes"]
        codes.delete_all(codes.where(user_id=user_id))
        for code_hash in code_hashes:
            codes.add(RecoveryCode(user_id=user_id, code_hash=code_hash))

    def use_recovery_code(self, user_id: UUID, code_hash: str) -> bool:
        codes = self.tables["recovery_codes"]
        return codes.delete_all(codes.where(user_id=user_id, code_hash=code_hash)) == 1

    def recovery_codes_left(self, user_id: UUID) -> int:
        return len(self.tables["recovery_codes"].where(user_id=user_id))

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        factor = self.get(user_id)
        return Page([exported_factor(factor, self.recovery_codes_left(user_id))] if factor else [], None)
