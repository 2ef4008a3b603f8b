"""The lines of a word on the shared pages: where each goes, and how it begins."""

import re
from dataclasses import dataclass
from pathlib import Path

from entrypoints.scaffold.feature import Feature, body
from entrypoints.scaffold.fields import Refused

# A new line goes below the last line that has this form.
IMPORT = r"from \S+ import .*"


@dataclass(frozen=True)
class Line:
    """A line `begins` and `rest`, below the last line like `below` after the first line like `after`."""

    path: str
    begins: str
    rest: str
    below: str
    after: str = ""
    until: str = r"(?!)"


def lines_of(feature: Feature) -> list[Line]:
    """All lines of a feature. Only `rest` depends on its fields."""
    word, kind, service, of = feature.word, feature.kind, feature.service, feature.of
    found = [
        Line("application/ports.py", f"from domain.{word} import ", f"{kind}Store", IMPORT),
        Line(
            "application/ports.py", f"    {word}: ", f"{kind}Store", r"    \w+: \w+Store", until=r"    def .*"
        ),
        Line("entrypoints/container.py", f"from application.{word} import ", service, IMPORT),
        Line(
            "entrypoints/container.py",
            f"    {word} = ",
            f"service({service}, vars())",
            r"    \w+ = service\(.*",
        ),
        Line(
            "adapters/memory/tables.py",
            f'    "{word}": ',
            f'Rules(parents={{"{of}_id": "{of}s"}}),',
            r"    .*",
            after=r"RULES = \{",
            until=r"\}",
        ),
    ]
    for technology in ("memory", "sql"):
        path, store = f"adapters/{technology}/unit_of_work.py", f"{technology.capitalize()}{service}"
        made = f"{store}(self.{'tables' if technology == 'memory' else 'execute'})"
        found += [
            Line(path, f"from adapters.{technology}.{word} import ", store, IMPORT),
            Line(path, f"        self.{word} = ", made, r"        self\.\w+ = (Memory|Sql)\w+\(.*"),
        ]
    found += _api(feature) + _page(feature) + _tests(feature)
    if feature.of_team:
        permission = f"delete {word.replace('_', ' ')}"
        found += [
            Line(
                "domain/access.py",
                f"    DELETE_{word.upper()} = ",
                f'"{permission}"',
                r'    [A-Z_]+ = ".*"',
                after=r"class TeamPermission\(.*",
                until="",
            ),
            Line(
                "entrypoints/api/README.md",
                f"| {permission} |",
                " yes | yes |  |",
                r"\| .*",
                after=r"\| In a team .*",
                until="",
            ),
        ]
    return found


def _api(feature: Feature) -> list[Line]:
    path, word, entity, kind = "entrypoints/api/routes.py", feature.word, feature.entity, feature.kind
    return [
        Line(path, f"from entrypoints.api.{word} import ", f"{kind}Views, {entity}_rows", IMPORT),
        Line(path, f"        *{entity}_rows(", f"wire({kind}Views)),", r"        .*", until=r"    \]"),
    ]


def _page(feature: Feature) -> list[Line]:
    path, word, kind, url = "entrypoints/flask_app/routes.py", feature.word, feature.kind, feature.page_url
    label = word.replace("_", " ").capitalize()
    found = [
        Line(path, f"from entrypoints.flask_app.{word} import ", f"{kind}Pages", IMPORT),
        Line(path, f'    page("GET", "{url}", ', f"wire({kind}Pages).list)", r"    page\(.*"),
    ]
    if feature.of_team:
        path = "entrypoints/flask_app/templates/team_frame.html"
        tab = f"  ('/teams/%s/{feature.path}' % team.id, "
        return [*found, Line(path, tab, f"'{label}'),", r"  \('/teams/.*")]
    path = "entrypoints/flask_app/navigation.py"
    return [*found, Line(path, f'FOR_USERS += [("{label}", ', f'"{url}")]', r"FOR_USERS\b.*")]


def _tests(feature: Feature) -> list[Line]:
    path = "tests/integration/table.py"
    outside = "40102     40102     40404     "
    inside = " 40404     40404     "
    one = {
        "team": outside + "{0}       {0}       {0}      " + inside + "{0}",
        "user": outside + "{0}       40404     40404    " + inside + "{0}",
    }[feature.of]
    all_of = one if feature.of_team else "40102     {0}"
    deleted = (
        one.format(200) if not feature.of_team else outside + "200       200       40301    " + inside + "200"
    )
    page = "/login    200"
    if feature.of_team:
        page = "/login    /login    404       200       200       200       404       404       200"
    rows = [
        ("GET", feature.url, all_of.format(200)),
        ("POST", feature.url, all_of.format(201)),
        ("GET", feature.id_url, one.format(200)),
        ("PATCH", feature.id_url, one.format(200)),
        ("DELETE", feature.id_url, deleted),
        ("GET", feature.page_url, page),
    ]
    found = [
        Line(
            path,
            f"    {method:6} {url} ",
            " " * (50 - len(url)) + answers,
            r"    .*",
            after="TABLE = .*",
            until='"""',
        )
        for method, url, answers in rows
    ]
    right = body(feature.fields)
    for name in (f"POST {feature.url}", f"PATCH {feature.id_url}"):
        found.append(Line(path, f'    "{name}": ', f"{right},", r"    .*", after=r"RIGHT = .*", until=r"\}"))
    made = f'lambda made: made.post("{feature.url}"),'
    return [*found, Line(path, f'    "{feature.url}/": ', made, r"    .*", after=r"IDS = .*", until=r"\}")]


def inserted(text: str, line: Line) -> str:
    """The text with the line in its place. Raise Refused without the place."""
    found = text.splitlines()
    starts = [at for at, each in enumerate(found) if re.fullmatch(line.after or ".*", each)]
    start = starts[0] if starts else len(found)
    place = None
    for at in range(start, len(found)):
        if at > start and place is not None and re.fullmatch(line.until, found[at]):
            break
        if re.fullmatch(line.below, found[at]):
            place = at
    if place is None:
        raise Refused(f"{line.path} has no place for this line: {line.begins.strip()}{line.rest}")
    found.insert(place + 1, line.begins + line.rest)
    return "\n".join(found) + "\n"


def without(text: str, line: Line) -> str:
    """The text without the line. A line that was wrapped ends where its brackets close."""
    kept: list[str] = []
    depth = 0
    for each in text.splitlines():
        if depth > 0 or each.startswith(line.begins):
            depth += sum(map(each.count, "([{")) - sum(map(each.count, ")]}"))
            continue
        kept.append(each)
    return "\n".join(kept) + "\n"


def texts(root: Path, feature: Feature) -> dict[str, str]:
    """The shared pages of the feature, as they are."""
    return {line.path: (root / line.path).read_text() for line in lines_of(feature)}
