"""Mail over SMTP, with timeouts."""

import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.emails import mailed_unchanged
from adapters.mail.rendering import Templates
from application.ports import Mailer, MailNotSent
from domain.mails import Mail

# For each command to the server.
TIMEOUT_SECONDS = 15
# Bodies are encoded in ASCII: a server without 8BITMIME may damage other bytes (RFC 6152).
POLICY = default.clone(cte_type="7bit")
NO_SMTPUTF8 = "the mail server does not support internationalized addresses (SMTPUTF8)"
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class SmtpMailer(Mailer):
    """`url` is smtp://, smtps:// or smtp+starttls:// with [user:password@]host[:port].

    smtp+starttls sends no mail without STARTTLS: an attacker in between could hide that the server has it
    (RFC 8314). Certificates are checked against the root certificates of the system.
    """

    def __init__(self, url: str, sender: str, site_name: str, templates: Templates) -> None:
        self.url: SplitResult = urlsplit(url)
        self.sender, self.site_name, self.templates = sender, site_name, templates
        self.tls = ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        if not mailed_unchanged(mail.recipient):  # an address that an earlier release has stored
            raise MailNotSent("the address would be read as another one", for_good=True)
        message = self._message(mail)
        try:
            server = self._connect()
            try:
                server.ehlo_or_helo_if_needed()
                if not (mail.recipient.isascii() or server.has_extn("smtputf8")):
                    # Another try would fail, too: the operator needs another mail server.
                    raise MailNotSent(NO_SMTPUTF8, for_good=True)
                server.send_message(message, self.sender, [mail.recipient])
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()  # the server has accepted the mail, whatever it answers now
            finally:
                server.close()
        except smtplib.SMTPResponseException as error:
            # Only the code, because the reason is stored and servers quote addresses.
            raise MailNotSent(f"the mail server answered {error.smtp_code}") from error
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise MailNotSent(f"the mail server refused the recipient ({code})") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise MailNotSent(f"the mail server was not reached ({type(error).__name__})") from error

    def _connect(self) -> smtplib.SMTP:
        host, port = self.url.hostname or "", self.url.port or PORTS[self.url.scheme]
        if self.url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=self.tls)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        try:
            if self.url.scheme == "smtp+starttls":
                server.starttls(context=self.tls)  # raises when the server has no STARTTLS
            if self.url.username:
                server.login(unquote(self.url.username), unquote(self.url.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, mail: Mail) -> EmailMessage:
        written = self.templates.write(mail)
        message = EmailMessage(POLICY)
        message["Subject"] = written.subject
        message["From"] = Address(self.site_name, addr_spec=self.sender)
        message["To"] = mail.recipient
        message["Date"] = format_datetime(mail.created_at)
        # Each try has the same id, so a mailbox that gets the mail twice can drop one.
        message["Message-ID"] = f"<{mail.id}@{self.sender.partition('@')[2]}>"
        # Automatic replies, such as vacation notices, do not answer this (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(written.text)
        message.add_alternative(written.html, subtype="html")
        return message
