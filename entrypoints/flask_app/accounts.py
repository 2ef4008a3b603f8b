from dataclasses import dataclass

from flask import jsonify
from flask.typing import ResponseReturnValue

from application.accounts import Accounts
from entrypoints.flask_app.clients import client
from entrypoints.flask_app.login import Cookie, signed_in
from entrypoints.flask_app.wire import cursor, limit, read
from entrypoints.schemas import (
    DeleteUser,
    Register,
    RenameUser,
    show_event,
    show_everything,
    show_user,
)


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

    def rename(self) -> ResponseReturnValue:
        actor = signed_in()
        unsafe = read(RenameUser)
        return {"data": show_user(self.accounts.rename(actor, unsafe.username))}

    def events(self) -> ResponseReturnValue:
        page = self.accounts.events(signed_in(), cursor(), limit())
        return {"data": [show_event(event) for event in page.items], "next": page.next}

    def export(self) -> ResponseReturnValue:
        actor = signed_in()
        everything = self.accounts.export(actor)
        response = jsonify(data=show_everything(everything, actor.session.id))
        response.headers["Content-Disposition"] = 'attachment; filename="account.json"'
        return response

    def delete(self) -> ResponseReturnValue:
        actor = signed_in()
        unsafe = read(DeleteUser)
        self.accounts.delete(actor, unsafe.current_password)
        response = jsonify(message="success")
        self.cookie.take_away(response)
        return response
