from dataclasses import dataclass

from typing_extensions import TypedDict

from application.two_factor import SecondFactors, Setup
from entrypoints.api.http import DONE, Body, Code, Cookie, Password, Request, Response
from entrypoints.api.teams import show_team
from entrypoints.api.users import show_user


class BeginTwoFactor(Body):
    current_password: Password = ""


class ConfirmTwoFactor(Body):
    code: Code


class PasswordAndCode(Body):
    current_password: Password = ""
    code: Code


class AskForTwoFactor(Body):
    needed: bool


class SetupShape(TypedDict):
    secret: str
    otpauth_url: str
    qr_svg: str


class RecoveryCodesShape(TypedDict):
    recovery_codes: list[str]


def show_setup(setup: Setup) -> SetupShape:
    return {"secret": setup.secret, "otpauth_url": setup.url, "qr_svg": setup.qr_svg}


@dataclass(frozen=True, slots=True)
class TwoFactorViews:
    two_factor: SecondFactors

    def begin(self, request: Request, body: BeginTwoFactor) -> Response:
        setup = self.two_factor.begin(request.signed_in(), body.current_password)
        return Response({"data": show_setup(setup)})

    def confirm(self, request: Request, body: ConfirmTwoFactor) -> Response:
        codes = self.two_factor.confirm(request.signed_in(), body.code)
        return Response({"data": {"recovery_codes": codes}})

    def switch_off(self, request: Request, body: PasswordAndCode) -> Response:
        self.two_factor.switch_off(request.signed_in(), body.current_password, body.code)
        return DONE

    def renew_recovery_codes(self, request: Request, body: PasswordAndCode) -> Response:
        actor = request.signed_in()
        codes = self.two_factor.renew_recovery_codes(actor, body.current_password, body.code)
        return Response({"data": {"recovery_codes": codes}})

    def log_in(self, request: Request, body: ConfirmTwoFactor) -> Response:
        actor, secret = self.two_factor.log_in(request.cookie, body.code, request.client)
        return Response({"message": "success", "data": show_user(actor.user)}, Cookie.of(actor, secret))

    def demand(self, request: Request, body: AskForTwoFactor) -> Response:
        team = self.two_factor.demand(request.signed_in(), request.path["id"], body.needed)
        return Response({"data": show_team(*team)})

    def switch_off_for(self, request: Request) -> Response:
        self.two_factor.switch_off_for(request.signed_in(), request.path["id"])
        return DONE
