"""The fields of a feature: `title:text:80 due:date? done:flag`."""

import builtins
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from entrypoints.api.examples import EXAMPLES

SHORTEST, LONGEST = 10, 2000
# MariaDB: the columns of a row have at most 65,535 bytes, and a character up to four.
LONGEST_TOGETHER = 8000

FIELD = re.compile(r"(\w+):(?:(text):(\d{1,9})|(date)|(flag))(\??)", re.ASCII)
FORM = f"Use name:text:N ({SHORTEST} to {LONGEST} characters), name:date or name:flag. A ? makes it optional."
# Names that mean something else in the code that is written.
RESERVED = frozenset(
    """id user_id team_id version created_at actor after body date datetime limit member now page plain
    request response self store stored table team user work world""".split()
)


class Refused(Exception):
    """Nothing was written. The message is one line."""


@dataclass(frozen=True)
class Field:
    """The other attributes are the field as it stands in one place: in the entity, the body, the table."""

    name: str
    kind: str
    longest: int = 0
    optional: bool = False

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def constant(self) -> str:
        return f"LONGEST_{self.name.upper()}"

    @property
    def type(self) -> str:
        return {"text": "str", "flag": "bool", "date": "date | None" if self.optional else "date"}[self.kind]

    @property
    def parameter(self) -> str:
        return f"unsafe_{self.name}" if self.kind == "text" else self.name

    @property
    def body(self) -> str:
        kind = {"text": "Text", "flag": "bool", "date": self.type}[self.kind]
        absent = {"text": ' = ""', "flag": " = False", "date": " = None"}[self.kind]
        return kind + (absent if self.optional else "")

    @property
    def column(self) -> str:
        kind = {
            "text": f"String({self.constant})",
            "flag": "Boolean(create_constraint=False)",
            "date": "Date",
        }
        return kind[self.kind] + self._null

    @property
    def migrated(self) -> str:
        kind = {"text": f"sa.String(length={self.longest})", "flag": "sa.Boolean()", "date": "sa.Date()"}
        return kind[self.kind] + self._null

    @property
    def _null(self) -> str:
        return "" if self.kind == "date" and self.optional else ", nullable=False"

    @property
    def python(self) -> str:
        """A right value in Python."""
        return {"text": '"First"', "flag": "True", "date": "date(2026, 1, 31)"}[self.kind]

    @property
    def json(self) -> str:
        """The same value in a body."""
        return {"text": '"First"', "flag": "True", "date": '"2026-01-31"'}[self.kind]


def parsed(given: str, taken: Sequence[str] = ()) -> list[Field]:
    """The fields. `taken` are more names that no field may have. Raise Refused."""
    found: list[Field] = []
    for word in given.split():
        match = FIELD.fullmatch(word)
        if match is None:
            raise Refused(f"{word} is not a field. {FORM}")
        name, text, longest, date, flag, optional = match.groups()
        field = Field(name, text or date or flag, int(longest or 0), bool(optional or flag))
        _check(field, [each.name for each in found], taken)
        if flag and optional:
            raise Refused(f"{word}: a flag is optional already. Leave the ? out.")
        found.append(field)
    if not found:
        raise Refused(f"Give it fields. {FORM}")
    if found[0].kind != "text" or found[0].optional:
        raise Refused("The first field is the heading of its row on the page. Use a text without ?.")
    if sum(field.longest for field in found) > LONGEST_TOGETHER:
        raise Refused(
            f"The texts have more than {LONGEST_TOGETHER} characters together. MariaDB refuses the table."
        )
    return found


def _check(field: Field, before: Sequence[str], taken: Sequence[str]) -> None:
    name = field.name
    if not re.fullmatch("[a-z][a-z0-9_]{0,39}", name) or "__" in name or name.endswith("_"):
        raise Refused(f"{name} is not a name for a field. Use up to 40 lower case letters, digits and _.")
    if name in before:
        raise Refused(f"{name} stands twice among the fields.")
    if name in RESERVED or name in taken or name.endswith("_hash"):
        raise Refused(f"{name} is reserved. Choose another name for the field.")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
        raise Refused(f"{name} is a word of Python. Choose another name for the field.")
    if hasattr(BaseModel, name) or name.startswith("model_"):
        raise Refused(f"{name} is a word of pydantic. Choose another name for the field.")
    if field.kind == "text" and not SHORTEST <= field.longest <= LONGEST:
        raise Refused(f"{name}: a text has {SHORTEST} to {LONGEST} characters.")
    example = EXAMPLES.get(name, {"text": "", "flag": True}.get(field.kind))
    if not isinstance(example, {"text": str, "flag": bool, "date": type(None)}[field.kind]):
        raise Refused(f"{name} has another meaning in the API. Choose another name for the field.")
