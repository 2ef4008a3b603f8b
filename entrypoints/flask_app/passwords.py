from dataclasses import dataclass

from flask import jsonify
from flask.typing import ResponseReturnValue

from application.passwords import Passwords
from entrypoints.flask_app.clients import client
from entrypoints.flask_app.login import Cookie, signed_in
from entrypoints.flask_app.wire import read
from entrypoints.schemas import ChangePassword, ForgotPassword, ResetPassword


@dataclass(frozen=True, slots=True)
class PasswordViews:
    passwords: Passwords
    cookie: Cookie

    def change(self) -> ResponseReturnValue:
        actor = signed_in()
        unsafe = read(ChangePassword)
        renewed, secret = self.passwords.change(actor, unsafe.current_password, unsafe.new_password)
        response = jsonify(message="success")
        self.cookie.hand_over(response, secret, renewed)
        return response

    def forgot(self) -> ResponseReturnValue:
        unsafe = read(ForgotPassword)
        self.passwords.forgot(unsafe.email, client())
        return {"message": "success"}, 202

    def reset(self) -> ResponseReturnValue:
        unsafe = read(ResetPassword)
        self.passwords.reset(unsafe.token, unsafe.new_password, client())
        return {"message": "success"}
