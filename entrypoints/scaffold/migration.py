"""Migrations that are written without a database: the table of a feature, and its end."""

import ast
import re
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import rev_id

from entrypoints.scaffold.fields import Refused


def write(root: Path, message: str, upgrade: str, downgrade: str) -> Path:
    """Write a revision of the clone, after its last ones and the last one of Hexstart."""
    script = ScriptDirectory.from_config(Config(toml_file=str(root / "pyproject.toml")))
    versions = str(root / "migrations" / "versions")
    made = script.generate_revision(
        rev_id(),
        message,
        head=_heads(script, "versions") or "base",
        version_path=versions,
        depends_on=_heads(script, "hexstart"),
        upgrades=upgrade,
        downgrades=downgrade,
        imports="",
    )
    if made is None:
        raise Refused("Alembic wrote no migration.")
    return Path(made.path)


def _heads(script: ScriptDirectory, folder: str) -> list[str]:
    """As `heads_in` of migrations/env.py, which cannot be imported."""
    found = {each.revision: each for each in script.walk_revisions() if Path(each.path).parent.name == folder}
    return [name for name, each in found.items() if not each.nextrev & found.keys()]


def made_and_dropped(root: Path, table: str) -> tuple[str, str]:
    """What the migration that made the table does, upwards and downwards. Raise Refused without one.

    A column that a later migration has added is not in it.
    """
    for path in sorted((root / "migrations" / "versions").glob("*.py")):
        source = path.read_text()
        if re.search(rf'create_table\(\s*"{table}"', source.partition("\ndef downgrade")[0]):
            functions = {
                each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)
            }
            return _inside(source, functions["upgrade"]), _inside(source, functions["downgrade"])
    raise Refused(f"No file in migrations/versions creates the table {table}.")


def _inside(source: str, function: ast.FunctionDef) -> str:
    lines = source.splitlines()[function.body[0].lineno - 1 : function.end_lineno]
    return "\n".join(lines).strip()
