"""The table that test_rows.py walks: a line for each row of the API and each page, and the right bodies."""

from tests.samples import GOOD_PASSWORD

# The answer to each kind of asker: a status, the code of an error, or the target of a redirect.
# A line with two answers has one for askers without a session (stranger, disabled), and one for all others.
#
#   stranger    no session
#   disabled    the session of a user that was disabled
#   unverified  a user whose address is not verified, outside the team
#   owner       the owner of the team. The ids in URLs and the tokens belong to this user.
#   admin       an admin of the team
#   member      a member of the team, with a second factor. It is the member in URLs.
#   outsider    a verified user outside the team
#   site        an administrator of the site, outside the team
#   acting      another administrator of the site, that acts as the owner
TABLE = """
    method URL                                                stranger  disabled  unverified owner     admin     member    outsider  site      acting
    POST   /api/register                                      201       201
    POST   /api/login                                         200       200
    POST   /api/login/two-factor                              40102     40102
    POST   /api/logout                                        40102     200
    GET    /api/user                                          40102     200
    PATCH  /api/user                                          40102     200
    DELETE /api/user                                          40102     40102     200       40904     200       200       200       200       40301
    GET    /api/user/export                                   40102     40102     200       200       200       200       200       200       40301
    GET    /api/user/events                                   40102     200
    POST   /api/email                                         40102     40102     202       202       202       202       202       202       40301
    POST   /api/email/verify                                  200       200
    POST   /api/email/verify/resend                           40102     40102     202       202       202       202       202       202       40301
    POST   /api/password                                      40102     40102     200       200       200       200       200       200       40301
    POST   /api/password/forgot                               202       202
    POST   /api/password/reset                                200       200
    POST   /api/reauthentication                              40102     40102     200       200       200       200       200       200       40301
    POST   /api/two-factor                                    40102     40102     200       200       200       40908     200       200       40301
    POST   /api/two-factor/confirm                            40102     40102     40909     40909     40909     40908     40909     40909     40301
    POST   /api/two-factor/recovery-codes                     40102     40102     40909     40909     40909     200       40909     40909     40301
    DELETE /api/two-factor                                    40102     40102     40909     40909     40909     200       40909     40909     40301
    GET    /api/sessions                                      40102     200
    DELETE /api/sessions                                      40102     200
    DELETE /api/sessions/<id>                                 40102     40102     40404     200       40404     40404     40404     40404     200
    GET    /api/teams                                         40102     200
    POST   /api/teams                                         40102     201
    GET    /api/teams/<id>                                    40102     40102     40404     200       200       200       40404     40404     200
    PATCH  /api/teams/<id>                                    40102     40102     40404     200       200       40301     40404     40404     200
    DELETE /api/teams/<id>                                    40102     40102     40404     200       40301     40301     40404     40404     40301
    GET    /api/teams/<id>/members                            40102     40102     40404     200       200       200       40404     40404     200
    PATCH  /api/teams/<id>/members/<user_id>                  40102     40102     40404     200       200       40301     40404     40404     200
    DELETE /api/teams/<id>/members/<user_id>                  40102     40102     40404     200       200       200       40404     40404     200
    GET    /api/teams/<id>/invitations                        40102     40102     40404     200       200       40301     40404     40404     200
    POST   /api/teams/<id>/invitations                        40102     40102     40404     201       201       40301     40404     40404     201
    DELETE /api/teams/<id>/invitations/<invitation_id>        40102     40102     40404     200       200       40301     40404     40404     200
    POST   /api/teams/<id>/invitations/<invitation_id>/resend 40102     40102     40404     201       201       40301     40404     40404     201
    POST   /api/invitations/show                              200       200
    POST   /api/invitations/accept                            40102     40102     40301     40301     40301     40301     200       40301     40301
    POST   /api/teams/<id>/two-factor                         40102     40102     40404     200       40301     40301     40404     40404     40301
    GET    /api/tokens                                        40102     200
    POST   /api/tokens                                        40102     40102     201       201       201       201       201       201       40301
    DELETE /api/tokens/<id>                                   40102     40102     40404     200       40404     40404     40404     40404     40301
    GET    /api/admin/users                                   40102     40102     40301     40301     40301     40301     40301     200       40301
    GET    /api/admin/users/<id>                              40102     40102     40301     40301     40301     40301     40301     200       40301
    PATCH  /api/admin/users/<id>                              40102     40102     40301     40301     40301     40301     40301     200       40301
    DELETE /api/admin/users/<id>/sessions                     40102     40102     40301     40301     40301     40301     40301     200       40301
    POST   /api/admin/users/<id>/password-reset               40102     40102     40301     40301     40301     40301     40301     202       40301
    POST   /api/admin/users/<id>/verification                 40102     40102     40301     40301     40301     40301     40301     202       40301
    DELETE /api/admin/users/<id>/two-factor                   40102     40102     40301     40301     40301     40301     40301     200       40301
    GET    /api/admin/events                                  40102     40102     40301     40301     40301     40301     40301     200       40301
    POST   /api/admin/users/<id>/impersonation                40102     40102     40301     40301     40301     40301     40301     200       40301
    DELETE /api/impersonation                                 40102     40102     40404     40404     40404     40404     40404     40404     200
    GET    /health/live                                       200       200
    GET    /health/ready                                      200       200
    GET    /api/openapi.json                                  200       200
    GET    /                                                  200       200
    GET    /register                                          200       /
    GET    /settings                                          /login    200
    GET    /login                                             200       /
    GET    /logout                                            200       200
    POST   /logout                                            /         /
    GET    /settings/sessions                                 /login    200
    GET    /settings/history                                  /login    200
    GET    /settings/security                                 /login    200
    GET    /settings/data                                     /login    200
    GET    /settings/two-factor                               /login    200
    GET    /settings/tokens                                   /login    200
    GET    /login/two-factor                                  /login    /login    /         /         /         /         /         /         /
    GET    /reauthenticate                                    /login    200
    GET    /teams                                             /login    200
    GET    /teams/<id>                                        /login    /login    404       200       200       200       404       404       200
    GET    /teams/<id>/members                                /login    /login    404       200       200       200       404       404       200
    GET    /invitation                                        200       200
    GET    /verify-email                                      200       200
    GET    /forgot-password                                   200       200
    GET    /reset-password                                    200       200
    GET    /api/docs                                          200       200
    GET    /admin                                             /login    /login    403       403       403       403       403       200       403
    GET    /admin/users/<id>                                  /login    /login    403       403       403       403       403       200       403
    GET    /admin/events                                      /login    /login    403       403       403       403       403       200       403
"""

# Of the member, whose second factor is on.
RECOVERY_CODE = "abcd-efgh-ijkl-mnop"

# The right body of each row that has one. A test inserts the token that was sent by a mail of this kind.
RIGHT = {
    "POST /api/register": {"username": "kurt", "email": "kurt@example.org", "password": GOOD_PASSWORD},
    "POST /api/login": {"email": "owner@example.org", "password": GOOD_PASSWORD, "remember": True},
    "PATCH /api/user": {"username": "countess"},
    "DELETE /api/user": {"current_password": GOOD_PASSWORD},
    "POST /api/email": {"email": "countess@example.org", "current_password": GOOD_PASSWORD},
    "POST /api/email/verify": {"token": "verify_email"},
    "POST /api/password": {"current_password": GOOD_PASSWORD, "new_password": "another horse battery"},
    "POST /api/password/forgot": {"email": "owner@example.org"},
    "POST /api/password/reset": {"token": "reset_password", "new_password": "another horse battery"},
    "POST /api/teams": {"name": "Analysts"},
    "PATCH /api/teams/<id>": {"name": "Analysts"},
    "PATCH /api/teams/<id>/members/<user_id>": {"role": "admin"},
    "POST /api/teams/<id>/invitations": {"email": "countess@example.org", "role": "admin"},
    "POST /api/invitations/show": {"token": "invitation"},
    "POST /api/invitations/accept": {"token": "invitation"},
    "POST /api/login/two-factor": {"code": "000000"},
    "POST /api/reauthentication": {"current_password": GOOD_PASSWORD, "code": ""},
    "POST /api/two-factor": {"current_password": GOOD_PASSWORD},
    "POST /api/two-factor/confirm": {"code": "000000"},
    "POST /api/two-factor/recovery-codes": {"current_password": GOOD_PASSWORD, "code": RECOVERY_CODE},
    "DELETE /api/two-factor": {"current_password": GOOD_PASSWORD, "code": RECOVERY_CODE},
    "POST /api/teams/<id>/two-factor": {"needed": False},
    "POST /api/tokens": {"name": "Deploy", "scope": "write", "current_password": GOOD_PASSWORD},
    "PATCH /api/admin/users/<id>": {"disabled": True, "roles": ["admin"]},
    "POST /api/admin/users/<id>/impersonation": {"reason": "Ticket 7"},
}

# The ids in URLs, by what stands before them. `made` is what the fixture in test_rows.py has made.
IDS = {
    "/api/sessions/": lambda made: made.actors["owner"].session.id,
    "/api/teams/": lambda made: made.team.id,
    "/api/teams/<id>/members/": lambda made: made.actors["member"].id,
    "/api/teams/<id>/invitations/": lambda made: made.invitation.id,
    "/api/tokens/": lambda made: made.token.id,
    "/api/admin/users/": lambda made: made.actors["member"].id,
    "/teams/": lambda made: made.team.id,
    "/admin/users/": lambda made: made.actors["member"].id,
}
