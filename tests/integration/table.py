"""The table that test_rows.py walks: a line for each row of the API and each page, and the right bodies."""

from tests.samples import GOOD_PASSWORD

# The answer to a stranger; to the user that the ids and tokens belong to; to a user of another account, where
# the URL has an id; to an administrator. It is a status, the code of an error, or where a redirect leads.
TABLE = """
    POST   /api/register             201      201        -      201
    POST   /api/login                200      200        -      200
    POST   /api/logout               40102    200        -      200
    GET    /api/user                 40102    200        -      200
    PATCH  /api/user                 40102    200        -      200
    DELETE /api/user                 40102    200        -      40904
    GET    /api/user/export          40102    200        -      200
    GET    /api/user/events          40102    200        -      200
    POST   /api/email                40102    202        -      202
    POST   /api/email/verify         200      200        -      200
    POST   /api/email/verify/resend  40102    202        -      202
    POST   /api/password             40102    200        -      200
    POST   /api/password/forgot      202      202        -      202
    POST   /api/password/reset       200      200        -      200
    GET    /api/sessions             40102    200        -      200
    DELETE /api/sessions             40102    200        -      200
    DELETE /api/sessions/<id>        40102    200        40404  40404
    GET    /api/teams                40102    200        -      200
    PATCH  /api/teams/<id>           40102    200        40404  40404
    GET    /health/live              200      200        -      200
    GET    /health/ready             200      200        -      200
    GET    /                         200      200        -      200
    GET    /register                 200      /settings  -      /settings
    GET    /settings                 /login   200        -      200
    GET    /login                    200      /settings  -      /settings
    GET    /logout                   200      200        -      200
    POST   /logout                   /        /          -      /
    GET    /settings/sessions        /login   200        -      200
    GET    /settings/team            /login   200        -      200
    GET    /settings/history         /login   200        -      200
    GET    /verify-email             200      200        -      200
    GET    /forgot-password          200      200        -      200
    GET    /reset-password           200      200        -      200
    GET    /admin                    /login   403        -      200
"""

# The right body of each row that takes one. A test replaces the token by the one that was sent by mail.
RIGHT = {
    "POST /api/register": {"username": "kurt", "email": "kurt@example.org", "password": GOOD_PASSWORD},
    "POST /api/login": {"email": "ada@example.org", "password": GOOD_PASSWORD, "remember": True},
    "PATCH /api/user": {"username": "countess"},
    "DELETE /api/user": {"current_password": GOOD_PASSWORD},
    "POST /api/email": {"email": "countess@example.org", "current_password": GOOD_PASSWORD},
    "POST /api/email/verify": {"token": "verify_email"},
    "POST /api/password": {"current_password": GOOD_PASSWORD, "new_password": "another horse battery"},
    "POST /api/password/forgot": {"email": "ada@example.org"},
    "POST /api/password/reset": {"token": "reset_password", "new_password": "another horse battery"},
    "PATCH /api/teams/<id>": {"name": "Analysts"},
}

# The ids in URLs, by what stands before them: of things that belong to the user.
IDS = {
    "/api/sessions/": lambda container, actor: actor.session.id,
    "/api/teams/": lambda container, actor: container.teams().mine(actor)[0][0].id,
}
