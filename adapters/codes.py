"""Codes of authenticator apps (pyotp), and QR codes (segno)."""

import io
from datetime import datetime

import pyotp
import segno

from application.ports import OneTimeCodes
from domain.two_factor import CODE_DIGITS, SKEW_STEPS, STEP_SECONDS


class TotpCodes(OneTimeCodes):
    """`issuer` is the name of the site, as the app shows it."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def new_secret(self) -> str:
        return pyotp.random_base32()  # 160 bits, as RFC 4226 recommends

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        present = int(now.timestamp()) // STEP_SECONDS
        totp = pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS)
        for step in range(present - SKEW_STEPS, present + SKEW_STEPS + 1):
            if totp.verify(code, for_time=step * STEP_SECONDS):
                return step
        return None

    def url(self, secret: str, account: str) -> str:
        totp = pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS)
        return totp.provisioning_uri(name=account, issuer_name=self.issuer)

    def qr_svg(self, text: str) -> str:
        file = io.BytesIO()
        # Black on white in dark mode, too: some cameras cannot read an inverted code.
        segno.make(text, micro=False).save(
            file,
            kind="svg",
            xmldecl=False,
            svgclass="qr",
            lineclass=None,
            omitsize=True,
            light="#fff",
            border=3,
        )
        return file.getvalue().decode()
