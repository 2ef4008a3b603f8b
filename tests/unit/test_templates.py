"""The text of the mails."""

from datetime import timedelta

import pytest

from adapters.mail.rendering import Templates
from domain.links import in_words
from domain.mails import MailKind
from tests.samples import a_mail

TEMPLATES = Templates("https://app.example.org", "Hexstart", {}, accent="#123456", on_accent="#fedcba")
FACTS = {
    "username": "<ada>",
    "device": "Firefox on Linux",
    "ip": "192.0.2.7",
    "team": "<Analysts>",
    "inviter": "eve",
    "role": "member",
}
WITH_A_LINK = {
    MailKind.VERIFY_EMAIL: "/verify-email#t0k3n",
    MailKind.RESET_PASSWORD: "/reset-password#t0k3n",
    MailKind.INVITATION: "/invitation#t0k3n",
}


@pytest.mark.parametrize("kind", MailKind)
def test_every_mail_has_a_subject_and_two_bodies(kind):
    token = {"token": "t0k3n"} if kind in WITH_A_LINK else {}
    written = TEMPLATES.write(a_mail(kind, facts=FACTS | token))

    assert written.subject == f"{kind.subject} \u00b7 Hexstart"
    assert "Hello <ada>," in written.text
    assert "Hello &lt;ada&gt;," in written.html


@pytest.mark.parametrize("kind", WITH_A_LINK)
def test_links_begin_with_the_base_url_and_end_with_the_token(kind):
    written = TEMPLATES.write(a_mail(kind, facts=FACTS | {"token": "t0k3n"}))

    link = "https://app.example.org" + WITH_A_LINK[kind]
    assert f"    {link}\n" in written.text
    assert f'href="{link}"' in written.html
    assert "background:#123456;color:#fedcba" in written.html


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
