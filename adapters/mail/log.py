"""Mail for development: printed to the log, where its links can be clicked."""

import logging

from adapters.mail.letters import Letters
from application.ports import Mailer
from domain.mail import Mail

log = logging.getLogger("hexstart.mail")


class LogMailer(Mailer):
    def __init__(self, letters: Letters) -> None:
        self.letters = letters

    def send(self, mail: Mail) -> None:
        written = self.letters.write(mail)
        log.info(
            "mail",
            extra={"recipient": mail.recipient, "subject": written.subject, "text": written.text},
        )
