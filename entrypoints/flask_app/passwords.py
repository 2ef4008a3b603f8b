from flask.typing import ResponseReturnValue

from entrypoints.flask_app.login import visitor
from entrypoints.flask_app.page import show_page


def forgot_password() -> ResponseReturnValue:
    return show_page("forgot_password.html", visitor())


def reset_password() -> ResponseReturnValue:
    return show_page("reset_password.html", visitor())
