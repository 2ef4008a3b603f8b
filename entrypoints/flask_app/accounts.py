from flask.typing import ResponseReturnValue

from entrypoints.flask_app.login import signed_in, visitor
from entrypoints.flask_app.page import show_page, show_to_strangers


def home() -> ResponseReturnValue:
    return show_page("home.html", visitor())


def register() -> ResponseReturnValue:
    return show_to_strangers("register.html")


def settings() -> ResponseReturnValue:
    return show_page("settings.html", signed_in())
