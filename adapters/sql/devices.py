from typing import Any
from uuid import UUID

from sqlalchemy import Column, String, Table, bindparam

from adapters.sql.mapping import PersonalRows, Rows
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Utc
from domain.devices import Device, DeviceStore
from domain.paging import Page
from domain.personal import exported

devices = Table(
    "devices",
    metadata,
    user_id(primary_key=True),
    Column("name", String(50), primary_key=True),
    Column("first_seen_at", Utc, nullable=False),
)

DEVICES = Rows(Device, devices)
OF_USER = DEVICES.select.where(devices.c.user_id == bindparam("user_id"))


class SqlDevices(PersonalRows, DeviceStore):
    rows = DEVICES

    def of(self, user_id: UUID) -> set[str]:
        return {device.name for device in self._of(user_id)}

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        devices = sorted(self._of(user_id), key=lambda device: device.name)
        return Page([exported(device) for device in devices], None)

    def _of(self, user_id: UUID) -> list[Device]:
        return [DEVICES.read(row) for row in self.execute(OF_USER, {"user_id": user_id})]
