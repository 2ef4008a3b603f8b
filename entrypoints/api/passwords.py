from dataclasses import dataclass

from application.passwords import Passwords
from entrypoints.api.http import DONE, Body, Cookie, Email, Password, Request, Response, Token
from entrypoints.api.users import show_address


class ChangePassword(Body):
    current_password: Password = ""
    new_password: Password


class ForgotPassword(Body):
    email: Email


class ResetPassword(Body):
    token: Token
    new_password: Password


@dataclass(frozen=True, slots=True)
class PasswordViews:
    passwords: Passwords

    def change(self, request: Request, body: ChangePassword) -> Response:
        actor, secret = self.passwords.change(request.signed_in(), body.current_password, body.new_password)
        return Response(DONE.data, Cookie.of(actor, secret))

    def forgot(self, request: Request, body: ForgotPassword) -> Response:
        self.passwords.forgot(body.email, request.client)
        return DONE

    def reset(self, request: Request, body: ResetPassword) -> Response:
        user = self.passwords.reset(body.token, body.new_password, request.client)
        return Response({"message": "success", "data": show_address(user)})
