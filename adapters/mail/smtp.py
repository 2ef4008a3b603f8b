"""Mail over SMTP, with timeouts, and encrypted or not at all where encryption was asked for."""

import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.mail.letters import Letters
from application.ports import Mailer, MailNotSent
from domain.mail import Mail

# For each step of the conversation, so that a server that hangs costs one mail's delay and no more.
TIMEOUT_SECONDS = 15
# Bodies are encoded in ASCII: a server without 8BITMIME may damage other bytes (RFC 6152).
POLICY = default.clone(cte_type="7bit")
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class SmtpMailer(Mailer):
    """`url` is smtp://, smtps:// or smtp+starttls:// with [user:password@]host[:port]; `sender` an address.

    With smtp+starttls nothing is sent to a server that does not offer STARTTLS: a fallback to plain text is
    what an attacker on the way would cause (RFC 8314). Certificates are checked against the system's roots.
    """

    def __init__(self, url: str, sender: str, site_name: str, letters: Letters) -> None:
        self.url: SplitResult = urlsplit(url)
        self.sender, self.site_name, self.letters = sender, site_name, letters
        self.tls = ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        message = self._message(mail)
        try:
            server = self._connect()
            try:
                server.send_message(message, self.sender, [mail.recipient])
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()  # it was taken: whatever is said to the goodbye
            finally:
                server.close()
        except smtplib.SMTPResponseException as error:
            # The code only: servers quote addresses, and what follows is stored.
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
                server.starttls(context=self.tls)  # raises where it is not offered
            if self.url.username:
                server.login(unquote(self.url.username), unquote(self.url.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, mail: Mail) -> EmailMessage:
        written = self.letters.write(mail)
        message = EmailMessage(POLICY)
        message["Subject"] = written.subject
        message["From"] = Address(self.site_name, addr_spec=self.sender)
        message["To"] = mail.recipient
        message["Date"] = format_datetime(mail.created_at)
        # The same at each try, so that a mailbox that was given it twice can tell.
        message["Message-ID"] = f"<{mail.id}@{self.sender.partition('@')[2]}>"
        # Nobody answers, and no vacation notice should (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(written.text)
        message.add_alternative(written.html, subtype="html")
        return message
