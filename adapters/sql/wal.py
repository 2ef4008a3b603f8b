"""Finds a WAL that does not belong to its SQLite file.

SQLite does not check this. When a backup is copied over the file and an old WAL is beside it, SQLite writes
the WAL into the backup. That undoes the restore or damages the file. Formats: sqlite.org/fileformat2.html.
"""

import fcntl
from pathlib import Path
from struct import unpack
from typing import IO

from adapters.sql.urls import parsed
from domain.errors import Unavailable

# Each process that uses the database holds a shared lock on this byte of the -shm file.
IN_USE = 128
# SQLite never writes the page with this byte.
LOCK_BYTE = 1 << 30


def check_wal(database_url: str) -> None:
    """Raise Unavailable when the WAL beside the file belongs to another file.

    Call this before the process opens the database: closing a file ends all locks of the process on it.
    """
    url, _ = parsed(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file = Path(url.database)
    wal, shm = Path(f"{file}-wal"), Path(f"{file}-shm")
    try:
        if wal.exists() and file.stat().st_size and not _in_use(shm) and not _belongs(file, wal):
            raise Unavailable(
                60,
                reason=f"{wal.name} does not belong to {file.name}. After a restore, delete {wal.name} and "
                f"{shm.name}. After a copy that kept both, run: touch {wal.name}",
            )
    except OSError:
        return  # the file cannot be read: SQLite reports the reason


def _in_use(shm: Path) -> bool:
    try:
        with shm.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, IN_USE)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _belongs(path: Path, wal: Path) -> bool:
    """False when this WAL cannot belong to this state of the file."""
    with path.open("rb") as main, wal.open("rb") as log:
        page_size, *versions, counter, pages = unpack(">16xH2B4x2I", main.read(32))
        page_size = 65536 if page_size == 1 else page_size
        header = log.read(24).ljust(24, b"\0")
        frames = _committed(log, page_size, header[16:])
        if not frames:
            return True  # SQLite ignores a WAL without a commit
        if unpack(">8xI12x", header) != (page_size,) or versions != [2, 2]:
            return False  # another page size, or a file that never had a WAL
        written = {number for number, _, _ in frames}
        end = frames[-1][1]
        if 1 in written:  # page 1 has a counter, which a transaction changes by at most one
            counters = [_number_at(log, place + 24) for number, _, place in frames if number == 1]
            if not min(counters) - 1 <= counter <= max(counters):
                return False
        elif end != pages:
            return False  # a transaction that adds a page also writes page 1
        present = path.stat().st_size // page_size
        if set(range(present + 1, end + 1)) - written - {LOCK_BYTE // page_size + 1}:
            return False  # some pages are neither in the file nor in the WAL
        # A newer file was written by a checkpoint, which copies pages of the WAL, or by a restore.
        # `cp -p` keeps the mtime of the backup, but not its ctime.
        file, last = path.stat(), wal.stat()
        newer = file.st_mtime_ns > last.st_mtime_ns or file.st_ctime_ns > last.st_ctime_ns
        return not newer or any(
            _read(main, (number - 1) * page_size, page_size) == _read(log, place, page_size)
            for number, _, place in frames
        )


def _committed(log: IO[bytes], page_size: int, salts: bytes) -> list[tuple[int, int, int]]:
    """Each committed frame: its page number, the file's size in pages after a commit (else 0), its offset."""
    frames, committed, place = [], 0, 32
    while (header := _read(log, place, 24))[8:16] == salts and len(header) == 24:
        number, size = unpack(">2I", header[:8])
        frames.append((number, size, place + 24))
        committed = len(frames) if size else committed
        place += 24 + page_size
    return frames[:committed]


def _read(file: IO[bytes], place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _number_at(file: IO[bytes], place: int) -> int:
    return int.from_bytes(_read(file, place, 4), "big")
