from typing import Any
from uuid import UUID

from adapters.memory.rows import PersonalRows
from domain.devices import DeviceStore
from domain.paging import Page
from domain.personal import exported


class MemoryDevices(PersonalRows, DeviceStore):
    table = "devices"

    def of(self, user_id: UUID) -> set[str]:
        return {device.name for device in self.rows.where(user_id=user_id)}

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        return Page([exported(device) for device in self.rows.where(user_id=user_id)], None)
