from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from application.impersonation import Impersonation
from entrypoints.api.http import DONE, Body, Request, Response, Text
from entrypoints.api.users import show_user


class ActAs(Body):
    # Longer than a reason may be: markup is removed before the domain counts.
    reason: Annotated[Text, Field(max_length=500)]


@dataclass(frozen=True, slots=True)
class ImpersonationViews:
    impersonation: Impersonation

    def begin(self, request: Request, body: ActAs) -> Response:
        user = self.impersonation.begin(request.signed_in(), request.path["id"], body.reason)
        return Response({"message": "success", "data": show_user(user)})

    def end(self, request: Request) -> Response:
        self.impersonation.end(request.signed_in())
        return DONE
