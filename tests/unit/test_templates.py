"""The text of the mails."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from adapters.mail.rendering import TEXT_WIDTH, Templates
from domain.links import in_words
from domain.mails import MailKind
from entrypoints import site
from entrypoints.flask_app.dev import SAMPLES
from tests.samples import a_mail

BASE_URL = "https://app.example.org"
TEMPLATES = Templates(BASE_URL, site, {})
WITH_A_LINK = {
    MailKind.VERIFY_EMAIL: "/verify-email#t0k3n",
    MailKind.RESET_PASSWORD: "/reset-password#t0k3n",
    MailKind.INVITATION: "/invitation#t0k3n",
}
ACME = SimpleNamespace(
    NAME="Acme & Sons",
    ACCENT="#123456",
    ON_ACCENT="#fedcba",
    DARK_ACCENT="#abcdef",
    ON_DARK_ACCENT="#010203",
    LOGO='<path fill="var(--accent)" d="M1 2"/>',
    FOOTER_LINKS=(("Privacy", "/privacy"), ("Help", "mailto:help@acme.example")),
)


def written(kind, templates=TEMPLATES, **facts):
    return templates.write(a_mail(kind, facts=SAMPLES[kind] | facts))


class Reader(HTMLParser):
    """Raises AssertionError at a tag that is not closed, or closed twice."""

    def __init__(self, html):
        super().__init__()
        self.open, self.links, self.tags, self.hidden, self.words = [], [], set(), [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        assert len(dict(attributes)) == len(attributes)
        if tag == "a":
            self.links.append(dict(attributes)["href"])
        if tag not in {"meta", "br"}:
            self.open.append((tag, dict(attributes).get("style") or ""))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if any("display:none" in style for _, style in self.open):
            self.hidden.append(data)
        elif self.open and self.open[-1][0] not in {"style", "title"}:
            self.words += data.split()


@pytest.mark.parametrize("kind", MailKind)
def test_every_mail_has_a_subject_and_two_bodies(kind):
    mail = written(kind, username="<ada>")

    assert mail.subject == f"{kind.subject} · {site.NAME}"
    assert "Hello <ada>," in mail.text
    assert "Hello &lt;ada&gt;," in mail.html


@pytest.mark.parametrize("kind", MailKind)
def test_the_text_says_what_the_html_says(kind):
    mail = written(kind)
    html = Reader(mail.html)

    for link in html.links:
        assert link in mail.text
    said = {word.rstrip(":") for word in mail.text.split()}
    # The letter in place of the logo, the subject as a heading, and the words about the button and the site.
    only_html = f"{site.NAME[0]} {kind.subject} The button opens this link. It app.example.org".split()
    assert set(html.words) - said <= set(only_html)


@pytest.mark.parametrize("kind", MailKind)
def test_the_text_has_no_markup_and_short_lines(kind):
    text = written(kind).text

    assert "<" not in text and "&" not in text and "\n\n\n" not in text
    for line in text.splitlines():
        assert len(line) <= TEXT_WIDTH or line.startswith(f"    {BASE_URL}")
    for link in re.findall(r"\S*https://\S+", text):
        assert f"    {link}\n" in text or link == BASE_URL


@pytest.mark.parametrize("kind", MailKind)
def test_the_html_needs_nothing_from_elsewhere(kind):
    mail = written(kind)
    html = Reader(mail.html)

    assert not html.tags & {"img", "link", "script", "iframe", "object", "svg", "form", "base"}
    assert "src=" not in mail.html and "@import" not in mail.html
    assert set(re.findall(r"url\(.{6}", mail.html)) == {'url("data:'}
    assert len(mail.html.encode()) + len(mail.text.encode()) < 30_000  # Gmail cuts at 102 kB
    assert "{{" not in mail.html and "{%" not in mail.html and "None" not in html.words


@pytest.mark.parametrize("kind", MailKind)
def test_the_inbox_shows_a_sentence_beside_the_subject(kind):
    [preheader] = Reader(written(kind).html).hidden
    sentence = re.sub(r"[\s\u034f\u200c\xa0]+", " ", preheader).strip()

    assert 20 < len(sentence) < 110 and sentence.endswith(".")
    assert kind.subject not in sentence
    assert len(preheader) > 150  # so that the inbox shows no more than that


@pytest.mark.parametrize("kind", WITH_A_LINK)
def test_links_begin_with_the_base_url_and_end_with_the_token(kind):
    mail = written(kind, token="t0k3n")

    link = BASE_URL + WITH_A_LINK[kind]
    assert f"    {link}\n" in mail.text
    assert mail.html.count(f'href="{link}"') == 2  # a button, and the link itself
    assert f">{link}</a>" in mail.html


def test_name_colours_logo_and_footer_are_the_site_s():
    mail = written(MailKind.RESET_PASSWORD, Templates(BASE_URL, ACME, {}))

    assert mail.subject == "Reset your password · Acme & Sons"
    assert "background:#123456;color:#fedcba" in mail.html
    assert ".button { background: #abcdef !important; color: #010203 !important; }" in mail.html
    assert "fill%3D%22%23123456%22%20d%3D%22M1%202%22" in mail.html
    assert "fill%3D%22%23abcdef%22%20d%3D%22M1%202%22" in mail.html
    assert ">A</td>" in mail.html
    for link in (f"{BASE_URL}/privacy", "mailto:help@acme.example"):
        assert f'href="{link}"' in mail.html and link in mail.text


def test_the_text_of_buttons_can_be_read():
    def light(colour):
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for pair in ((site.ACCENT, site.ON_ACCENT), (site.DARK_ACCENT, site.ON_DARK_ACCENT)):
        darker, lighter = sorted(map(light, pair))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def test_the_mail_tells_when_and_from_where():
    with_client = written(MailKind.PASSWORD_CHANGED)
    without = TEMPLATES.write(a_mail(MailKind.PASSWORD_CHANGED, facts={"username": "ada"}))

    for body in (with_client.text, with_client.html):
        assert "1 January 2026 at 12:00 UTC" in body
        assert "Firefox on Linux" in body and "203.0.113.7" in body
    assert "1 January 2026 at 12:00 UTC" in without.text
    assert "Device" not in without.text + without.html


def test_the_name_of_a_team_is_text_on_one_line_and_no_link():
    mail = written(
        MailKind.INVITATION, team="<b>evil.example/x\n\nYour account is locked", inviter="<i>eve\n\nBye"
    )

    assert mail.subject == f"You're invited to join a team · {site.NAME}"
    assert "<b>" not in mail.html and "<i>" not in mail.html
    assert "“<b>evil.\u200bexample/\u200bx Your account is locked”" in " ".join(mail.text.split())
    assert "<i>eve Bye invites you" in mail.text
    assert "evil.example" not in mail.text + mail.html


@pytest.mark.parametrize(
    "seconds, words",
    [
        (1800, "30 minutes"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (129600, "36 hours"),
        (86400, "1 day"),
        (604800, "7 days"),
        (60, "1 minute"),
        (45, "45 seconds"),
    ],
)
def test_the_lifetime_of_a_link_is_written_in_words(seconds, words):
    assert in_words(timedelta(seconds=seconds)) == words
