"""Every setting with hostile values, through the server, the migrations and the command line.

A value is understood, or refused in one line that names the setting and not the value.
"""

import errno
import os
import shutil
from pathlib import Path

import pytest

from entrypoints import settings
from entrypoints.settings import Settings
from tests.databases import empty_database, migrated_database
from tests.programs import COMMANDS, Outcome, forked_programs, run_program
from tests.servers import ROOT, free_port

MARK = "m4rk3r"
PLACES = [
    *("", "/", "//", "@", ":"),
    *(f"{MARK}@@127.0.0.1:1/x", f"u:{MARK}@127.0.0.1:{MARK}", f"u:{MARK}@127.0.0.1:0", f"{MARK}..x:1"),
    *(f"u:{MARK}@127.0.0.1:1/{MARK}", f"u:{MARK}@[::1]:1/1", f"u:{MARK}@[::1", f"u:{MARK}#@127.0.0.1:1/x"),
    *(f"127.0.0.1:1/0?{MARK}=1", f"127.0.0.1:1/0?sslmode={MARK}", f"127.0.0.1:1/x?sslrootcert=/{MARK}"),
    *(f"127.0.0.1:1,127.0.0.1:2/{MARK}", f"127.0.0.1:99999/{MARK}", f"{MARK * 20}.x:1", f"bü.{MARK}..x"),
]
URLS = [
    *(
        f"://{MARK}",
        f"//{MARK}",
        f"{MARK}://{MARK}",
        f"HTTPS://{MARK}.example/{MARK}",
        f"javascript:{MARK}",
        "sqlite:///:memory:",
    ),
    *(
        f"{scheme}://{place}"
        for scheme in "sqlite postgres mysql smtp rediss https".split()
        for place in PLACES
    ),
]
VALUES = [
    *("", " ", "  \t ", f"{MARK}\n{MARK}", f"\x1b[31m{MARK}", f"\u200b{MARK}", f"\udcff{MARK}", f"\0{MARK}"),
    *(MARK, MARK * 20_000, f"ä{MARK}", f"'{MARK}'", f'"{MARK}', f"%{MARK}", f"%({MARK})s", f"${{{MARK}}}"),
    *("-1", "-0.5", "0", "1", "1.5", "1e9", "9" * 30, "9" * 5_000, "nan", "inf", "١٢", "1_000", "0x10"),
    *("true", "None", "null", "[]", "{}", f'{{"{MARK}": 1}}', "[::1]", "::", "::1%lo", "255.255.255.255"),
    *(",", "10.0.0.5/8", "10.0.0.0/99", "::ffff:127.0.0.1", "1.2.3.4:5678", f"127.0.0.1,{MARK}"),
]
COMPLETE = {"APP_ENV": "production", "BASE_URL": "https://app.acme.test", "MAIL_URL": "smtp://127.0.0.1:2525"}


def refusal(monkeypatch, environment):
    """The error line of all three programs, which load the settings first. None if the value is accepted."""
    # As in a file `.env`: the environment of a process cannot hold a NUL.
    monkeypatch.setattr(os, "environ", environment)
    try:
        settings.load()
    except SystemExit as leaving:
        return leaving.code
    return None


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    with migrated_database("sqlite", tmp_path_factory.mktemp("db")) as url:
        yield url


@pytest.fixture(scope="module")
def run_forked():
    with forked_programs() as run_forked:
        yield run_forked


@pytest.mark.parametrize("base", [{}, COMPLETE], ids=["development", "production"])
@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_value_of_a_setting_causes_a_traceback(name, base, monkeypatch, migrated, run_forked):
    text, port = Settings.model_fields[name].annotation is str, str(free_port())
    accepted = []
    for value in VALUES + URLS if text else VALUES:
        environment = (
            {"DATABASE_URL": migrated, "PORT": port, "LOG_FORMAT": "json"} | base | {name.upper(): value}
        )
        line = refusal(monkeypatch, environment)
        if line is not None:
            assert_clear_line(name, value, Outcome(1, f"{line}\n"))
        elif not base and "\0" not in value:
            accepted.append((value, environment))
    monkeypatch.undo()
    for value, environment in accepted:
        for program in COMMANDS if name == "database_url" else ["serve"]:
            outcome = run_forked(program, environment)
            away = program == "command" and outcome.code == 10  # the database does not answer
            if outcome.code and not away:
                assert_clear_line(name, value, outcome)
            assert "Traceback" not in outcome.stderr and MARK not in outcome.stderr, (value[:80], outcome)


def assert_clear_line(name, value, outcome):
    line = outcome.line
    assert name.upper() in line, (value[:80], line)
    assert MARK not in line, (value[:80], line)
    assert len(line) < 300 and line.isprintable(), (value[:80], line)


@pytest.mark.parametrize("program", COMMANDS)
@pytest.mark.parametrize(
    "name, value",
    [
        ("SESSION_MAX", 10**12),
        ("DATABASE_URL", f"mysql://u:{MARK}@127.0.0.1/x?{MARK}=1"),
        ("BASE_URL", f"https://{MARK}/{MARK}"),
    ],
)
def test_each_program_refuses_in_one_line(program, name, value):
    assert_clear_line(name, value, run_program(program, **{name: str(value)}))


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP"])
def test_a_postgresql_database_in_another_encoding_is_refused(encoding, tmp_path, run_forked):
    with empty_database(
        "postgresql", tmp_path, f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    ) as url:
        for program in COMMANDS:
            line = run_forked(program, {"DATABASE_URL": url, "PORT": str(free_port())}).line
            assert "DATABASE_URL: the database must be in UTF8" in line


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_the_migrations_name_the_setting_of_a_missing_database(kind, tmp_path, run_forked):
    with empty_database(kind, tmp_path) as url:
        line = run_forked("migrate", {"DATABASE_URL": f"{url}_m4rk3r"}).line
    assert_clear_line("DATABASE_URL", "", Outcome(1, f"{line}\n"))


@pytest.mark.parametrize("place", ["/proc/nowhere/x.db", "/proc/x.db", "/proc"])
def test_a_folder_that_cannot_be_made_or_written_is_reported_in_one_line(place, run_forked):
    assert "DATABASE_URL" in run_forked("migrate", {"DATABASE_URL": f"sqlite:///{place}"}).line


def test_a_file_that_is_no_database_is_reported_in_one_line(tmp_path, run_forked):
    (tmp_path / "x.db").write_text("no database, but text. " * 500)
    assert "DATABASE_URL" in run_forked("migrate", {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}).line


def test_the_folder_of_a_sqlite_file_is_made_by_the_migrations_only(tmp_path, run_forked):
    url = f"sqlite:///{tmp_path}/made/x.db"
    for program in ("serve", "command"):
        assert "make migrate" in run_forked(program, {"DATABASE_URL": url, "PORT": str(free_port())}).line
    assert run_forked("migrate", {"DATABASE_URL": url}).code == 0
    assert run_forked("command", {"DATABASE_URL": url}).code == 0


@pytest.fixture
def clone(tmp_path):
    """The product in a folder whose name has special characters of URLs and configuration files."""
    folder = tmp_path / "100% a?b#c %(here)s ü"
    for name in ("adapters", "application", "domain", "entrypoints", "migrations", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        folder.mkdir(exist_ok=True)
        copy(ROOT / name, folder / name)
    return folder


def test_the_path_of_the_clone_may_have_any_character(clone):
    environment = {"DATABASE_URL": "", "PYTHONPATH": ""}
    assert run_program("migrate", clone, **environment) == Outcome(0, "")
    assert (clone / "var" / "hexstart.db").exists()
    assert run_program("command", clone, **environment).code == 0


TEXT = "BCRYPT_ROUNDS=99\n"  # refused by its name where the file was read


@pytest.mark.parametrize(
    "content, told",
    [
        (TEXT.encode("utf-8-sig"), "BCRYPT_ROUNDS"),
        (TEXT.encode("utf-16"), ".env must be in UTF-8"),
        (TEXT.encode("utf-16-le"), ".env must be in UTF-8"),
        (TEXT.encode("utf-16-be"), ".env must be in UTF-8"),
        (TEXT.encode("utf-32"), ".env must be in UTF-8"),
        ("# für uns\n".encode("latin-1"), ".env must be in UTF-8"),
        (None, ".env cannot be read: Is a directory"),
    ],
    ids="utf-8-sig utf-16 utf-16-le utf-16-be utf-32 latin-1 folder".split(),
)
def test_an_env_file_is_read_or_refused(content, told, clone):
    if content is None:
        (clone / ".env").mkdir()
    else:
        (clone / ".env").write_bytes(content)
    for program in COMMANDS:
        assert told in run_program(program, clone, BCRYPT_ROUNDS="", PYTHONPATH="").line


def test_an_env_file_without_permission_is_reported_in_one_line(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text(TEXT)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setattr(Path, "read_bytes", denied)  # root may read everything
    with pytest.raises(SystemExit, match=r"\.env cannot be read: Permission denied"):
        settings.load()


def denied(path):
    raise PermissionError(errno.EACCES, "Permission denied", str(path))
