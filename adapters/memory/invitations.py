from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.memory.rows import MemoryStore, newest
from domain.invitations import Invitation, InvitationStore
from domain.paging import Page
from domain.personal import EXPORT_BATCH, exported
from domain.users import key_of


class MemoryInvitations(MemoryStore, InvitationStore):
    table = "invitations"

    def in_team(self, team_id: UUID, id: UUID) -> Invitation | None:
        return next(iter(self._where(team_id=team_id, id=id)), None)

    def find(self, token_hash: str, now: datetime) -> Invitation | None:
        found = self._where(token_hash=token_hash)
        return next((invitation for invitation in found if invitation.expires_at > now), None)

    def consume(self, token_hash: str, now: datetime) -> bool:
        invitation = self.find(token_hash, now)
        return invitation is not None and self.rows.delete(invitation)

    def of(self, team_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Invitation]:
        valid = [found for found in self._where(team_id=team_id) if found.expires_at > now]
        return newest(valid, after, limit)

    def drop(self, team_id: UUID, email: str) -> None:
        self.rows.delete_all(self.rows.where(team_id=team_id, email_key=key_of(email)))

    def drop_by(self, inviter_id: UUID, team_id: UUID | None = None) -> None:
        team = {} if team_id is None else {"team_id": team_id}
        self.rows.delete_all(self.rows.where(invited_by_id=inviter_id, **team))

    def purge(self, now: datetime, limit: int) -> int:
        return self.rows.delete_all([row for row in self.rows.where() if row.expires_at <= now][:limit])

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        page = newest(self._personal(user_id), after, EXPORT_BATCH)
        return Page([exported(invitation) for invitation in page.items], page.next)

    def forget(self, user_id: UUID) -> None:
        self.rows.delete_all(self._personal(user_id))

    def _personal(self, user_id: UUID) -> list[Invitation]:
        user = self.tables["users"].get(user_id)
        return [
            found
            for found in self._where()
            if found.invited_by_id == user_id or (user and found.email_key == user.email_key)
        ]

    def _where(self, **values: Any) -> list[Invitation]:
        users, teams = self.tables["users"], self.tables["teams"]
        return [
            replace(
                found,
                invited_by=users.get(found.invited_by_id).username,
                team_name=teams.get(found.team_id).name,
            )
            for found in self.rows.where(**values)
        ]
