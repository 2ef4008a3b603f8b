from dataclasses import dataclass

from application.emails import Emails
from entrypoints.api.http import DONE, Body, Email, Password, Request, Response, Token
from entrypoints.api.users import show_address


class ChangeEmail(Body):
    email: Email
    current_password: Password = ""


class VerifyEmail(Body):
    token: Token


@dataclass(frozen=True, slots=True)
class EmailViews:
    emails: Emails

    def ask_to_change(self, request: Request, body: ChangeEmail) -> Response:
        self.emails.ask_to_change(request.signed_in(), body.email, body.current_password)
        return DONE

    def send_again(self, request: Request) -> Response:
        self.emails.send_again(request.signed_in())
        return DONE

    def verify(self, request: Request, body: VerifyEmail) -> Response:
        user = self.emails.verify(body.token, request.client)
        return Response({"message": "success", "data": show_address(user)})
