from dataclasses import dataclass

from application.reauthentication import Reauthentication
from entrypoints.api.http import DONE, Body, Code, Password, Request, Response


class Prove(Body):
    current_password: Password = ""
    code: Code = ""


@dataclass(frozen=True, slots=True)
class ReauthenticationViews:
    reauthentication: Reauthentication

    def prove(self, request: Request, body: Prove) -> Response:
        self.reauthentication.prove(request.signed_in(), body.current_password, body.code)
        return DONE
