from dataclasses import dataclass

from flask import jsonify
from flask.typing import ResponseReturnValue

from application.accounts import Accounts
from entrypoints.flask_app.clients import client
from entrypoints.flask_app.login import Cookie, signed_in
from entrypoints.flask_app.wire import read
from entrypoints.schemas import ChangeEmail, Register, show_user


@dataclass(frozen=True, slots=True)
class AccountViews:
    accounts: Accounts
    cookie: Cookie

    def register(self) -> ResponseReturnValue:
        unsafe = read(Register)
        actor, secret = self.accounts.register(
            unsafe.username,
            unsafe.email,
            unsafe.password,
            replacing=self.cookie.secret(),
            client=client(),
        )
        response = jsonify(message="success", data=show_user(actor.user))
        self.cookie.hand_over(response, secret, actor)
        return response, 201

    def show(self) -> ResponseReturnValue:
        return {"data": show_user(signed_in().user)}

    def change_email(self) -> ResponseReturnValue:
        actor = signed_in()
        unsafe = read(ChangeEmail)
        user = self.accounts.change_email(actor, unsafe.email, unsafe.current_password)
        return {"message": "success", "data": show_user(user)}, 201
