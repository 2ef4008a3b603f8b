import re
from datetime import timedelta

import pytest

from domain.access import Operator
from domain.sessions import Client
from domain.users import Role
from tests.fakes import NOON
from tests.integration.conftest import ADA, counts
from tests.samples import a_user, an_event

pytestmark = pytest.mark.flask_only

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OPERATOR = Operator(Client("192.0.2.1", "a shell"))


@pytest.fixture
def admin(ada, container):
    container.administration().grant(
        OPERATOR, container.administration().user_with(OPERATOR, ADA["email"]).id, Role.ADMIN
    )
    return ada


def add_users(container, emails):
    with container.transaction()() as work:
        for number, email in enumerate(emails):
            work.users.add(a_user(email, created_at=NOON + timedelta(seconds=number)))
        work.commit()


def listed(page):
    """The addresses in the order of the page."""
    return re.findall(r'">([^<\s]+@[^<\s]+)</(?:a|span)>', page.text)


def next_page(page):
    found = re.search(r'href="([^"]+)" rel="next"', page.text)
    return found and found.group(1).replace("&amp;", "&")


def test_an_admin_sees_all_users_newest_first(admin, container):
    add_users(container, ["grace@example.org", "edsger@example.org"])

    page = admin.get("/admin")

    assert page.status_code == 200
    assert listed(page) == ["edsger@example.org", "grace@example.org", ADA["email"]]
    assert next_page(page) is None
    assert 'action="/logout"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


NO_USER = [*"%25 / %5C ' gr%C3%A1ce %F0%9F%90%8E %ff%fe %ED%A0%80".split(), "x" * 5000]
FOUND = {
    "grace": ["grace@example.org"],
    "%20GRACE%20": ["grace@example.org"],
    "%00grace%00": ["grace@example.org"],
    "example.net": ["edsger@example.net"],
    "A_B": ["a_b@example.org"],
}


def test_users_are_found_by_the_beginning_of_username_address_or_domain(admin, container):
    add_users(container, ["grace@example.org", "edsger@example.net", "a_b@example.org"])

    for query, found in (FOUND | {query: [] for query in NO_USER}).items():
        page = admin.get(f"/admin?q={query}")
        assert (query, page.status_code, listed(page)) == (query, 200, found)


def test_the_search_term_is_shown_as_text(admin):
    page = admin.get('/admin?q="><script>alert(1)</script>')

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_users_are_listed_page_by_page(admin, container):
    emails = [f"person{number:02}@example.org" for number in range(60)]
    add_users(container, emails)

    first = admin.get("/admin?q=person")
    second = admin.get(next_page(first))

    assert (len(listed(first)), next_page(second)) == (50, None)
    assert listed(first) + listed(second) == emails
    assert counts(first) == counts(second) == ["60 users found"]


def test_a_list_says_how_long_it_is(admin, container):
    assert counts(admin.get("/admin")) == ["1 user"]
    assert counts(admin.get("/admin?q=ada")) == ["1 user found"]
    assert counts(admin.get("/admin?q=eve")) == [""]

    add_users(container, [f"person{number:02}@example.org" for number in range(59)])
    assert counts(admin.get("/admin")) == ["60 users"]
    assert counts(admin.get("/admin/events?user=ada@example.org")) == ["2 events found"]
    assert counts(admin.get("/admin/events")) == ["2 events"]
    assert counts(admin.get("/admin/events?user=eve@example.org")) == [""]
    assert counts(admin.get("/settings/history")) == ["2 events"]


@ON_ONE_DATABASE
def test_a_list_of_more_than_a_thousand_rows_is_not_counted_to_its_end(admin, container):
    ada = container.administration().user_with(OPERATOR, ADA["email"])
    with container.transaction()() as work:
        for number in range(1100):
            work.users.add(a_user(f"person{number:04}@example.org"))
            work.events.add(an_event(ada.id))
        work.commit()

    assert counts(admin.get("/admin")) == ["More than 1,000 users"]
    assert counts(admin.get("/admin?q=person0")) == ["1,000 users found"]
    assert counts(admin.get("/admin?q=example.org")) == ["More than 1,000 users found"]
    assert counts(admin.get("/admin/events")) == ["More than 1,000 events"]
    assert counts(admin.get("/settings/history")) == ["More than 1,000 events"]


@ON_ONE_DATABASE
def test_an_invalid_cursor_is_refused(admin):
    for after in ["m4rk3r", "1", "%00", "-1", "'; DROP TABLE users; --", "٣" * 31, "x" * 5000]:
        response = admin.get(f"/admin?after={after}")
        assert (after, response.status_code) == (after, 422)
        assert "m4rk3r" not in response.text


@ON_ONE_DATABASE
def test_a_page_after_the_last_user_is_empty(admin):
    page = admin.get("/admin?after=00000000-0000-0000-0000-000000000000")
    assert (page.status_code, listed(page)) == (200, [])


def test_a_role_counts_from_the_next_request_on(ada, container):
    administration = container.administration()

    assert ada.get("/admin").status_code == 403
    administration.grant(OPERATOR, administration.user_with(OPERATOR, ADA["email"]).id, Role.ADMIN)
    assert ada.get("/admin").status_code == 200
    assert ada.ask("GET", "/api/user")[1]["data"]["roles"] == ["admin"]
    administration.grant(
        OPERATOR, administration.user_with(OPERATOR, "ADA@example.org").id, Role.ADMIN
    )  # a second grant changes nothing
    container.accounts().create(OPERATOR, "grace", "grace@example.org", ADA["password"], frozenset(Role))
    administration.revoke(OPERATOR, administration.user_with(OPERATOR, ADA["email"]).id, Role.ADMIN)
    assert ada.get("/admin").status_code == 403
    assert ada.ask("GET", "/api/user")[1]["data"]["roles"] == []


def test_changes_of_roles_are_recorded(admin, container):
    container.accounts().create(OPERATOR, "grace", "grace@example.org", ADA["password"], frozenset(Role))
    container.administration().revoke(
        OPERATOR, container.administration().user_with(OPERATOR, ADA["email"]).id, Role.ADMIN
    )

    with container.look()() as stored:
        user = stored.users.by_email(ADA["email"])
        revoked, granted, _ = stored.events.about(user.id, None, 100).items
    assert (granted.tag, granted.actor_id, granted.detail) == ("role_granted", None, "admin")
    assert (revoked.tag, revoked.user_agent, revoked.detail) == ("role_revoked", "a shell", "admin")


@ON_ONE_DATABASE
def test_only_an_admin_sees_the_link_to_the_administration(ada, container):
    assert 'href="/admin"' not in ada.get("/").text
    container.administration().grant(
        OPERATOR, container.administration().user_with(OPERATOR, ADA["email"]).id, Role.ADMIN
    )
    assert 'href="/admin"' in ada.get("/").text


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "query, found",
    [
        ("user=ada", True),
        ("user=ADA@example.org", True),
        ("user=nobody", False),
        ("user=@", False),
        ("since=2000-01-01&until=2999-12-31", True),
        ("until=2000-01-01", False),
        ("until=9999-12-31", False),
        ("since=yesterday", False),
        ("tag=no_such_tag", False),
        ("team=no-id", False),
    ],
)
def test_the_page_of_events_takes_names_and_days(admin, ada, query, found):
    page = admin.get(f"/admin/events?{query}")
    assert page.status_code == 200
    assert ("Account created" in page.text.partition("<tbody>")[2]) == found
