from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from application.emails import Emails
from entrypoints.flask_app.clients import client
from entrypoints.flask_app.login import signed_in
from entrypoints.flask_app.wire import read
from entrypoints.schemas import ChangeEmail, UseLink


@dataclass(frozen=True, slots=True)
class EmailViews:
    emails: Emails

    def ask_to_change(self) -> ResponseReturnValue:
        actor = signed_in()
        unsafe = read(ChangeEmail)
        self.emails.ask_to_change(actor, unsafe.email, unsafe.current_password)
        return {"message": "success"}, 202

    def send_again(self) -> ResponseReturnValue:
        self.emails.send_again(signed_in())
        return {"message": "success"}, 202

    def verify(self) -> ResponseReturnValue:
        unsafe = read(UseLink)
        self.emails.verify(unsafe.token, client())
        return {"message": "success"}
