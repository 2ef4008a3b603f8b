"""Mail over SMTP to real servers on this machine: good, broken and hostile ones."""

import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from adapters.mail import smtp
from adapters.mail.rendering import Templates
from adapters.mail.smtp import SmtpMailer
from application.ports import MailNotSent
from domain.mails import MailKind
from entrypoints import site
from entrypoints.flask_app.dev import SAMPLES
from tests.fakes import NOON
from tests.samples import a_mail
from tests.servers import free_port

SECRET = "p:a/s@s w%rd"
SENDER = "noreply@app.acme.test"


class Inbox:
    """A mail server that keeps its mails. `refusing` is the answer with which it refuses all."""

    def __init__(self):
        self.envelopes, self.commands, self.refusing = [], [], ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.commands.append(f"RCPT {address}")
        if self.refusing:
            return self.refusing
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append((envelope, session.ssl is not None))
        return "250 OK"

    @property
    def messages(self):
        return [
            message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=policy.default)
            for envelope, _ in self.envelopes
        ]

    @property
    def recipients(self):
        return [recipient for envelope, _ in self.envelopes for recipient in envelope.rcpt_tos]


@contextmanager
def serving(inbox, port=None, **options):
    options = {"enable_SMTPUTF8": True} | options
    # aiosmtpd reads every attribute of its handler at each connection: `messages` would parse all mails anew.
    handler = SimpleNamespace(handle_RCPT=inbox.handle_RCPT, handle_DATA=inbox.handle_DATA)
    controller = Controller(handler, "127.0.0.1", port or free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def mailer(url, base_url="https://app.acme.test"):
    templates = Templates(base_url, site, {})
    return SmtpMailer(url, SENDER, "Hexstart", templates)


def reason_of(mailer, mail=None, *secrets):
    """Why the mail was not sent. Checks that the reason holds no secret."""
    mail = mail or a_mail()
    with pytest.raises(MailNotSent) as caught:
        mailer.send(mail)
    reason = str(caught.value)
    for secret in (mail.recipient, "ada", "t0k3n", SENDER, "127.0.0.1", SECRET, *secrets):
        assert secret not in reason
    assert 0 < len(reason) <= 255  # the width of its column
    return reason


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def hurry(monkeypatch):
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that is signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = f"-keyout {folder}/key.pem -out {folder}/certificate.pem -addext subjectAltName=IP:127.0.0.1"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 {made}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def server_tls(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


def trusting(mailer, certificate):
    mailer.tls = ssl.create_default_context(cafile=certificate[0])
    return mailer


def test_a_mail_arrives_with_its_headers_and_both_bodies(inbox):
    mail = a_mail(MailKind.VERIFY_EMAIL)
    with serving(inbox) as port:
        mailer(f"smtp://127.0.0.1:{port}").send(mail)

    [(envelope, _)] = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["ada@example.org"])
    [message] = inbox.messages
    assert message["From"] == f"Hexstart <{SENDER}>"
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == f"Verify your email address · {site.NAME}"
    assert parsedate_to_datetime(message["Date"]) == NOON
    assert message["Message-ID"] == f"<{mail.id}@app.acme.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Bcc"] is None and message["Cc"] is None
    assert message.get_content_type() == "multipart/alternative"
    text, html = (message.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "\n    https://app.acme.test/verify-email#t0k3n\n" in text
    assert 'href="https://app.acme.test/verify-email#t0k3n"' in html
    assert "for 1 day." in text and "for 1 day." in html
    assert all(len(line) <= 998 for line in envelope.content.splitlines())


@pytest.mark.parametrize("kind", list(MailKind))
def test_every_mail_can_be_sent(inbox, kind):
    facts = SAMPLES[kind] | {"username": "ada"}
    with serving(inbox) as port:
        mailer(f"smtp://127.0.0.1:{port}").send(a_mail(kind, facts=facts))

    [message] = inbox.messages
    assert "Hello ada," in message.get_body(["plain"]).get_content()
    assert "Hello ada," in message.get_body(["html"]).get_content()


def test_input_is_shown_as_text_and_not_as_markup(inbox):
    facts = {"username": "ada", "device": "<b>Firefox</b>\r\nBcc: eve@example.org", "ip": "<img src=x>"}
    with serving(inbox) as port:
        mailer(f"smtp://127.0.0.1:{port}").send(a_mail(MailKind.NEW_DEVICE, facts=facts))

    [message] = inbox.messages
    html = message.get_body(["html"]).get_content()
    assert "<b>" not in html and "<img" not in html and "&lt;b&gt;" in html
    assert message["Bcc"] is None
    assert inbox.recipients == ["ada@example.org"]


def test_each_try_has_the_same_message_id(inbox):
    mail = a_mail()
    with serving(inbox) as port:
        for _ in range(2):
            mailer(f"smtp://127.0.0.1:{port}").send(mail)

    assert len({message["Message-ID"] for message in inbox.messages}) == 1


def test_a_unicode_address_is_sent_to_a_server_with_smtputf8(inbox):
    with serving(inbox) as port:
        mailer(f"smtp://127.0.0.1:{port}").send(a_mail(recipient="émilie@xn--bcher-kva.example"))

    assert inbox.recipients == ["émilie@xn--bcher-kva.example"]
    [(envelope, _)] = inbox.envelopes
    assert envelope.smtp_utf8
    assert "\r\nTo: émilie@xn--bcher-kva.example\r\n".encode() in envelope.content


def test_a_unicode_address_is_not_sent_to_a_server_without_smtputf8(inbox):
    with serving(inbox, enable_SMTPUTF8=False) as port:
        reason = reason_of(mailer(f"smtp://127.0.0.1:{port}"), a_mail(recipient="émilie@example.org"))

    assert reason == "the mail server does not support internationalized addresses (SMTPUTF8)"
    assert inbox.commands == inbox.envelopes == []


def test_unicode_in_a_name_is_encoded_for_every_server(inbox, monkeypatch):
    monkeypatch.setattr(site, "NAME", "Bücher & Söhne")
    templates = Templates("https://app.acme.test", site, {})
    with serving(inbox, enable_SMTPUTF8=False) as port:
        SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER, "Bücher & Söhne", templates).send(a_mail())

    [message] = inbox.messages
    assert message["From"].addresses[0].display_name == "Bücher & Söhne"
    assert message["Subject"] == "Verify your email address · Bücher & Söhne"
    assert inbox.envelopes[0][0].content.isascii()


def test_starttls_with_an_unknown_certificate_is_refused(inbox, server_tls):
    with serving(inbox, tls_context=server_tls) as port:
        reason = reason_of(mailer(f"smtp+starttls://ada:{quote(SECRET, safe='')}@127.0.0.1:{port}"))

    assert "CertVerification" in reason
    assert inbox.commands == inbox.envelopes == []


def test_starttls_goes_through_when_the_certificate_is_trusted(inbox, server_tls, certificate):
    with serving(inbox, tls_context=server_tls, require_starttls=True) as port:
        trusting(mailer(f"smtp+starttls://127.0.0.1:{port}"), certificate).send(a_mail())

    [(_, encrypted)] = inbox.envelopes
    assert encrypted


def test_a_certificate_for_another_name_is_refused(inbox, server_tls, certificate):
    with serving(inbox, tls_context=server_tls) as port:
        reason = reason_of(trusting(mailer(f"smtp+starttls://localhost:{port}"), certificate))

    assert "CertVerification" in reason
    assert inbox.commands == []


def test_nothing_is_sent_in_clear_without_starttls(inbox):
    heard = []

    def check(server, session, envelope, mechanism, data):
        heard.append(data)
        return AuthResult(success=True)

    with serving(inbox, authenticator=check, auth_require_tls=False) as port:
        reason = reason_of(mailer(f"smtp+starttls://ada:{quote(SECRET, safe='')}@127.0.0.1:{port}"))

    assert "SMTPNotSupportedError" in reason
    assert heard == inbox.commands == inbox.envelopes == []


def test_smtps_is_encrypted_from_the_first_byte(inbox, server_tls, certificate):
    with tls_in_front(inbox, server_tls) as port:
        trusting(mailer(f"smtps://127.0.0.1:{port}"), certificate).send(a_mail())
        assert inbox.recipients == ["ada@example.org"]

        assert "CertVerification" in reason_of(mailer(f"smtps://127.0.0.1:{port}"))
    with serving(inbox) as port:  # a server without TLS
        assert "SSL" in reason_of(trusting(mailer(f"smtps://127.0.0.1:{port}"), certificate))
    assert len(inbox.envelopes) == 1


@contextmanager
def tls_in_front(inbox, server_tls):
    controller = Controller(inbox, "127.0.0.1", free_port(), ssl_context=server_tls)

    def greet():
        """Replaces the check of aiosmtpd that the server runs: it uses the TLS context of the server."""
        unchecked = ssl._create_unverified_context()
        plain = socket.create_connection(("127.0.0.1", controller.port), 5)
        with unchecked.wrap_socket(plain) as connection:
            connection.recv(1024)

    controller._trigger_server = greet
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.mark.parametrize("right", [True, False])
def test_user_and_password_of_the_url_are_decoded_and_sent(inbox, server_tls, certificate, right):
    heard = []

    def check(server, session, envelope, mechanism, data):
        heard.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=right, handled=False)

    options = {"authenticator": check, "tls_context": server_tls, "auth_required": True}
    url = f"smtp+starttls://ada%40acme:{quote(SECRET, safe='')}@127.0.0.1:{{}}"
    with serving(inbox, **options) as port:
        smtp_mailer = trusting(mailer(url.format(port)), certificate)
        if right:
            smtp_mailer.send(a_mail())
        else:
            assert reason_of(smtp_mailer) == "the mail server answered 535"

    assert set(heard) == {("ada@acme", SECRET)}
    assert len(inbox.envelopes) == right


@pytest.mark.parametrize(
    "url", ["smtp://ada:geheim@127.0.0.1:{}", "smtp://%C3%A4da:geh%C3%A9im@127.0.0.1:{}"]
)
def test_no_mail_is_sent_to_a_server_without_authentication(inbox, url):
    with serving(inbox) as port:
        reason_of(mailer(url.format(port)), None, "geheim", "geh")

    assert inbox.envelopes == []


@pytest.mark.parametrize("answer, code", [("550 no ada@example.org here", "550"), ("451 4.7.1 later", "451")])
def test_a_refused_recipient_is_reported_with_its_code(inbox, answer, code):
    inbox.refusing = answer
    with serving(inbox) as port:
        assert reason_of(mailer(f"smtp://127.0.0.1:{port}")) == (
            f"the mail server refused the recipient ({code})"
        )


def test_a_refused_connection_is_reported():
    assert "ConnectionRefusedError" in reason_of(mailer(f"smtp://127.0.0.1:{free_port()}"))


@pytest.mark.parametrize("url", ["smtp://host.invalid:25", "smtp://127.0.0.1:99999", "smtp://x" + "y" * 80])
def test_an_impossible_server_is_reported(url):
    assert reason_of(mailer(url))


@contextmanager
def scripted(*script, port=0):
    """A mail server that answers each line with the next line of the script. `None` hangs up, `...` hangs.

    After 354 it reads to the end of the mail.
    """
    heard, ended = [], threading.Event()

    def converse(connection):
        with connection, connection.makefile("rwb") as stream, suppress(OSError):
            for said in script:
                if said is None:
                    return
                if said is ...:
                    ended.wait(10)
                    return
                stream.write(said.encode() + b"\r\n")
                stream.flush()
                line = stream.readline()
                heard.extend([line.decode(errors="replace").strip()] * bool(line))
                while said.startswith("354") and line not in {b".\r\n", b""}:
                    line = stream.readline()

    def serve():
        with suppress(OSError):
            while True:
                threading.Thread(target=converse, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"smtp://127.0.0.1:{listener.getsockname()[1]}", heard
        finally:
            ended.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


GOOD = ["220 hello", "250 hello", "250 sender", "250 recipient", "354 go on", "250 taken", "221 bye"]
BROKEN = {
    "hangs at once": [...],
    "hangs after the greeting": ["220 hello", ...],
    "hangs before the data": [*GOOD[:4], ...],
    "hangs in the data": [*GOOD[:5], ...],
    "hangs up at once": [None],
    "hangs up after the greeting": ["220 hello", None],
    "hangs up before the data": [*GOOD[:4], None],
    "hangs up in the data": [*GOOD[:5], None],
    "is busy": ["421 ada@example.org is busy"],
    "speaks no SMTP": ["HTTP/1.1 400 Bad Request"],
    "refuses the sender": [*GOOD[:2], "553 no noreply@app.acme.test", "250 reset"],
    "refuses the data": [*GOOD[:4], "554 no"],
    "refuses what it was told": [*GOOD[:5], "554 spam from ada@example.org", "250 reset", "221 bye"],
    "talks too much": ["220 " + "x" * 9000],
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_server_is_reported_in_time_and_without_a_secret(hurry, case):
    with scripted(*BROKEN[case]) as (url, _):
        assert reason_of(mailer(url))


@pytest.mark.parametrize("farewell", ["221 bye", "421 too busy to say goodbye", "500 what?", None, ...])
def test_a_mail_is_sent_once_the_server_has_accepted_it(hurry, farewell):
    with scripted(*GOOD[:6], farewell) as (url, heard):
        mailer(url).send(a_mail())

    assert heard[-1].upper() == "QUIT" or farewell in {None, ...}
