from flask.typing import ResponseReturnValue

from entrypoints.flask_app.login import visitor
from entrypoints.flask_app.page import show_page


def invitation() -> ResponseReturnValue:
    return show_page("invitation.html", visitor())
