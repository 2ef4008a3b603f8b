"""A feature: its names, and the values of its templates."""

import keyword
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from entrypoints.scaffold.fields import Field, Refused, parsed

ROOT = Path(__file__).parents[2]

# The files of a word, and their templates.
FILES = {
    "domain/{word}.py": "domain.py",
    "application/{word}.py": "application.py",
    "adapters/sql/{word}.py": "sql.py",
    "adapters/memory/{word}.py": "memory.py",
    "entrypoints/api/{word}.py": "api.py",
    "entrypoints/flask_app/{word}.py": "pages.py",
    "entrypoints/flask_app/templates/{word}.html": "page.html",
    "tests/unit/test_{word}.py": "test_unit.py",
    "tests/contract/test_{word}.py": "test_contract.py",
    "tests/integration/test_{word}.py": "test_integration.py",
    "tests/browser/test_{word}.py": "test_browser.py",
}
# Words that mean something else in the code that is written, or in the folders that it is written to.
RESERVED = frozenset(
    """actor ada added any body boolean callable changed column count created date datetime dialog eve field
    first frame id index input inputs integer kept layout member number other page partial person protocol
    request response role route row second self size static store stored string tab table tabs team text url
    user visit work world""".split()
)


@dataclass(frozen=True)
class Feature:
    """`word` is the plural, in the form of a module: `time_entries`. `entity` is the singular."""

    word: str
    entity: str
    of: str = "team"
    fields: list[Field] = field(default_factory=list)

    @property
    def of_team(self) -> bool:
        return self.of == "team"

    @property
    def path(self) -> str:
        return self.word.replace("_", "-")

    @property
    def url(self) -> str:
        return f"/api/teams/<id>/{self.path}" if self.of_team else f"/api/{self.path}"

    @property
    def page_url(self) -> str:
        return f"/teams/<id>/{self.path}" if self.of_team else f"/{self.path}"

    @property
    def id(self) -> str:
        """The name of its id in URLs."""
        return f"{self.entity}_id" if self.of_team else "id"

    @property
    def id_url(self) -> str:
        return f"{self.url}/<{self.id}>"

    @property
    def service(self) -> str:
        return camel(self.word)

    @property
    def kind(self) -> str:
        return camel(self.entity)

    @property
    def files(self) -> dict[str, str]:
        return {path.format(word=self.word): template for path, template in FILES.items()}

    def values(self) -> dict[str, Any]:
        """What the templates name."""
        of_kind = {
            kind: [each for each in self.fields if each.kind == kind] for kind in ("text", "date", "flag")
        }
        texts, dates, flags = of_kind.values()
        others = dates + flags
        thing, things = self.entity.replace("_", " "), self.word.replace("_", " ")
        article = "an" if thing[0] in "aeiou" else "a"
        needed = [each for each in self.fields if not each.optional]
        columns = {each.column.partition("(")[0].partition(",")[0] for each in self.fields}
        columns |= {"Column", "Index", "Integer", "Table", "bindparam"} | (
            {"ForeignKey"} if self.of_team else set()
        )
        return {
            name: getattr(self, name) for name in ("word", "entity", "fields", "of_team", "path", "url")
        } | {
            "WORD": self.word.upper(),
            "Entity": self.kind,
            "Service": self.service,
            "thing": thing,
            "things": things,
            "Thing": thing.capitalize(),
            "Things": things.capitalize(),
            "a_thing": f"{article} {thing}",
            "a_thing_": f"{article}_{self.entity}",
            "thing_": self.entity,
            "things_": self.word,
            "words": things,
            "owner": self.of,
            "holder": "team" if self.of_team else "ada",
            "one": "in_team" if self.of_team else "own",
            "id": self.id,
            "id_url": self.id_url,
            "form_url": self.url.replace("<id>", "{{ team.id }}"),
            "texts": texts,
            "dates": dates,
            "flags": flags,
            "others": others,
            "imports_date": bool(dates),
            "owner_id": "team_id" if self.of_team else "actor.id",
            "owner_parameter": "team_id: UUID, " if self.of_team else "",
            "owner_argument": 'request.path["id"], ' if self.of_team else "",
            "parameters": ", ".join(f"{each.parameter}: {each.type}" for each in self.fields),
            "body_arguments": ", ".join(f"body.{each.name}" for each in self.fields),
            "acceptable": "acceptable_texts" if len(texts) > 1 else f"acceptable_{texts[0].name}",
            "unsafe_texts": ", ".join(each.parameter for each in texts),
            "changed_texts": ", ".join(f"{self.entity}.{each.name}" for each in texts),
            "changed_others": ", ".join(f"{self.entity}.{each.name}" for each in others),
            "text_rules": [(each.name, each.longest) for each in texts],
            "sql_names": ", ".join(sorted(columns)),
            "left_out": [each.name for each in self.fields if each.optional],
            "first": _literal((each.parameter, each.python) for each in self.fields),
            "first_entity": _literal((each.name, each.python) for each in self.fields),
            "first_json": body(self.fields),
            "least_json": body(needed),
        }


def body(fields: list[Field]) -> str:
    """A right body, as Python."""
    return _literal((each.name, each.json) for each in fields)


def _literal(pairs: Any) -> str:
    return "{" + ", ".join(f'"{name}": {value}' for name, value in pairs) + "}"


def camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))


def singular(word: str) -> str:
    """By a plain rule. Raise Refused for a word without a plural s."""
    for ending, rest in (
        ("ies", "y"),
        ("sses", "ss"),
        ("xes", "x"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("s", ""),
    ):
        if word.endswith(ending) and not word.endswith("ss") and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + rest
    raise Refused(f"{word} is no plural. Use one, as in `projects`, or name the singular with entity=.")


def wanted(word: str, of: str, fields: str, entity: str = "", root: Path = ROOT) -> Feature:
    """The feature, checked against the tree. Raise Refused."""
    _check_word("name", word)
    entity = entity or singular(word)
    _check_word("entity", entity)
    if entity == word:
        raise Refused("The name and its entity are the same word. Use a plural for the name.")
    if of not in {"team", "user"}:
        raise Refused(f"of={of} is neither team nor user.")
    found = Feature(word, entity, of)
    _check_tree(found, root)
    return Feature(word, entity, of, parsed(fields, [word, entity]))


def _check_word(label: str, word: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", word) or len(word) > 30:
        raise Refused(f"{label}={word!r} is not a lower case word of up to 30 letters, digits and _.")
    if keyword.iskeyword(word) or keyword.issoftkeyword(word):
        raise Refused(f"{word} is a word of Python.")
    if word in RESERVED:
        raise Refused(f"{word} is reserved. Choose another word.")


def _check_tree(feature: Feature, root: Path) -> None:
    word = feature.word
    if (root / word).exists() or (root / f"{word}.py").exists():
        raise Refused(f"{word} is a folder or module at the top of the tree.")
    for path in feature.files:
        if (root / path).exists():
            raise Refused(f"{word} exists: {path}.")
    places = [
        ("domain application adapters entrypoints", rf'Table\(\s*"{word}"', f"the table {word}"),
        (
            "domain application adapters entrypoints",
            rf"^(class )?({feature.kind}(Store|Shape|Views|Pages)?|{feature.service})(?=[(:]| =)",
            f"a class of the name {feature.kind} or {feature.service}",
        ),
        (
            "entrypoints",
            rf'"(/api|/teams/<id>|/api/teams/<id>)?/{feature.path}[/"]',
            f"the URL /{feature.path}",
        ),
        ("entrypoints/container.py", rf"^    {word} = ", f"{word} in the container"),
        ("application/ports.py", rf"^    {word}: ", f"{word} in the unit of work"),
    ]
    for folders, pattern, what in places:
        for file in _python(root, folders.split()):
            if re.search(pattern, file.read_text(), re.MULTILINE):
                raise Refused(f"{what[0].upper()}{what[1:]} exists: {file.relative_to(root)}.")


def _python(root: Path, folders: list[str]) -> list[Path]:
    named = [root / name for name in folders]
    return [file for place in named for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
