from dataclasses import dataclass

from application.reauthentication import Reauthentication
from application.two_factor import SecondFactors
from entrypoints.api.http import DONE, Body, Code, Password, Request, Response


class Prove(Body):
    current_password: Password = ""
    code: Code = ""


@dataclass(frozen=True, slots=True)
class ReauthenticationViews:
    reauthentication: Reauthentication
    two_factor: SecondFactors

    def prove(self, request: Request, body: Prove) -> Response:
        if body.code and not body.current_password:
            self.two_factor.prove(request.signed_in(), body.code)
            return DONE
        self.reauthentication.prove(request.signed_in(), body.current_password)
        return DONE
