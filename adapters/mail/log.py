"""Mail for development: the log shows each mail, with its links."""

import logging

from adapters.mail.rendering import Templates
from application.ports import Mailer
from domain.mails import Mail

log = logging.getLogger("hexstart.mail")


class LogMailer(Mailer):
    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    def send(self, mail: Mail) -> None:
        written = self.templates.write(mail)
        log.info(
            "mail", extra={"recipient": mail.recipient, "subject": written.subject, "text": written.text}
        )
