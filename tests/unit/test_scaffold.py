"""`make feature` refuses wrong names and fields before it writes. Its lines can be taken out again."""

import pytest

from entrypoints.scaffold.__main__ import main
from entrypoints.scaffold.feature import Feature, singular, wanted
from entrypoints.scaffold.fields import Refused, parsed
from entrypoints.scaffold.pages import inserted, lines_of, texts, without
from tests.databases import ROOT

FIELDS = "title:text:80 due:date? done:flag"


@pytest.mark.parametrize(
    "word, entity",
    [
        ("projects", "project"),
        ("time_entries", "time_entry"),
        ("boxes", "box"),
        ("classes", "class"),
        ("branches", "branch"),
        ("invoices", "invoice"),
        ("histories", "history"),
    ],
)
def test_the_singular_follows_a_plain_rule(word, entity):
    assert singular(word) == entity


@pytest.mark.parametrize("word", ["project", "press", "s", "people"])
def test_a_word_without_a_plural_s_needs_its_entity(word):
    with pytest.raises(Refused, match="is no plural"):
        singular(word)
    assert wanted("people", "team", FIELDS, "human").kind == "Human"


@pytest.mark.parametrize(
    "word, reason",
    [
        ("devices", "devices exists: domain/devices.py"),
        ("settings", "settings exists: entrypoints/flask_app/templates/settings.html"),
        ("memberships", "The table memberships exists: adapters/sql/teams.py"),
        ("transactions", "A class of the name Transaction or Transactions exists: application/ports.py"),
        ("first_steps", "A class of the name FirstStep or FirstSteps exists: domain/teams.py"),
        ("migrations", "migrations is a folder or module at the top of the tree"),
        ("pages", "page is reserved"),
        ("classes", "class is a word of Python"),
        ("Otters", "name='Otters' is not a lower case word"),
        ("2otters", "is not a lower case word"),
        ("ot-ters", "is not a lower case word"),
        ("otter__s", "is not a lower case word"),
        ("../otters", "is not a lower case word"),
        ("projekte\n", "is not a lower case word"),
        ("größen", "is not a lower case word"),
        ("p" * 40 + "s", "is not a lower case word"),
    ],
)
def test_a_name_that_is_taken_or_no_name_is_refused(word, reason):
    with pytest.raises(Refused) as refused:
        wanted(word, "team", FIELDS)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["/otters", "/api/otters/<id>", "/api/teams/<id>/otters"])
def test_a_url_that_exists_is_refused(tmp_path, url):
    (tmp_path / "entrypoints").mkdir()
    (tmp_path / "entrypoints" / "routes.py").write_text(f'page("GET", "{url}", other.list)')

    with pytest.raises(Refused, match="The URL /otters exists"):
        wanted("otters", "team", FIELDS, root=tmp_path)


@pytest.mark.parametrize(
    "fields, reason",
    [
        ("", "Give it fields"),
        ("title", "title is not a field"),
        ("title:text", "is not a field"),
        ("title:number", "is not a field"),
        ("title:text:80!", "is not a field"),
        ("due:date", "The first field is the heading"),
        ("title:text:80?", "The first field is the heading"),
        ("title:text:9", "10 to 2000"),
        ("title:text:2001", "10 to 2000"),
        ("title:text:80 title:flag", "stands twice"),
        ("title:text:80 done:flag?", "a flag is optional already"),
        ("Title:text:80", "is not a name"),
        ("_title:text:80", "is not a name"),
        *(
            (f"{name}:text:80", "is reserved")
            for name in "id user_id team_id version created_at otter".split()
        ),
        ("class:text:80", "is a word of Python"),
        ("type:text:80", "is a word of Python"),
        ("copy:text:80", "is a word of pydantic"),
        ("token_hash:text:80", "is reserved"),
        ("disabled:text:80", "another meaning in the API"),
        ("title:text:80 until:date", "another meaning in the API"),
        (" ".join(f"{letter * 3}:text:2000" for letter in "abcde"), "more than 8000 characters"),
    ],
)
def test_wrong_fields_are_refused(fields, reason):
    with pytest.raises(Refused) as refused:
        wanted("otters", "team", fields)
    assert reason in str(refused.value)


def test_a_wrong_owner_is_refused():
    with pytest.raises(Refused, match="neither team nor user"):
        wanted("otters", "site", FIELDS)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["build"],
        ["feature"],
        ["feature", "name=otters", "sides=two"],
        ["feature", "name=teams", f"fields={FIELDS}"],
        ["remove", "name=teams"],
        ["remove", "name=unheard_of"],
    ],
)
def test_a_refusal_is_one_line_and_the_exit_code_2(arguments, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("of", ["team", "user"])
@pytest.mark.parametrize("word, entity", [("otters", "otter"), ("sea_otters", "sea_otter")])
def test_the_lines_of_a_word_can_be_taken_out_again(word, entity, of):
    feature = Feature(word, entity, of, parsed(FIELDS))
    before = texts(ROOT, feature)
    after = dict(before)
    for line in lines_of(feature):
        after[line.path] = inserted(after[line.path], line)

    assert all(after[path] != text for path, text in before.items())
    for line in lines_of(Feature(word, entity, of)):  # without its fields, as at a removal
        after[line.path] = without(after[line.path], line)
    assert after == before


def test_two_words_do_not_take_each_others_lines():
    one, longer = (Feature(word, word[:-1], "team", parsed(FIELDS)) for word in ("otters", "otters_archives"))
    shared = texts(ROOT, one)
    for line in lines_of(longer):
        shared[line.path] = inserted(shared[line.path], line)
    kept = dict(shared)

    for line in lines_of(one):
        shared[line.path] = without(inserted(shared[line.path], line), line)
    for line in lines_of(one):
        shared[line.path] = without(shared[line.path], line)
    assert shared == kept


def test_a_shared_page_without_the_place_is_named():
    for line in lines_of(Feature("otters", "otter", "team", parsed(FIELDS))):
        with pytest.raises(Refused, match="has no place for this line"):
            inserted("# All of it is rewritten.\n", line)
