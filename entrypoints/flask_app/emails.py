from flask.typing import ResponseReturnValue

from entrypoints.flask_app.login import visitor
from entrypoints.flask_app.page import show_page


def verify_email() -> ResponseReturnValue:
    return show_page("verify_email.html", visitor())
