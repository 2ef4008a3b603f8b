"""All tables in memory, one line for each: its key, its unique values, its parents."""

from adapters.memory.rows import Rows, Rules
from domain.errors import Stale
from domain.teams import AlreadyMember
from domain.users import EmailTaken, UsernameTaken

RULES = {
    "users": Rules(unique={("email_key",): EmailTaken, ("username_key",): UsernameTaken}),
    "sessions": Rules(
        unique={("secret_hash",): Stale}, parents={"user_id": "users"}, references={"acting_as_id": "users"}
    ),
    "teams": Rules(),
    "memberships": Rules(
        key=("team_id", "user_id"), exists=AlreadyMember, parents={"team_id": "teams", "user_id": "users"}
    ),
    "events": Rules(),
    "links": Rules(unique={("token_hash",): Stale, ("user_id", "purpose"): Stale}),
    "mails": Rules(),
    "invitations": Rules(
        unique={("token_hash",): Stale, ("team_id", "email_key"): Stale},
        parents={"team_id": "teams", "invited_by_id": "users"},
    ),
    "tokens": Rules(unique={("token_hash",): Stale}, parents={"user_id": "users"}),
    "logins": Rules(unique={("secret_hash",): Stale}, parents={"user_id": "users"}),
    "two_factors": Rules(key=("user_id",), parents={"user_id": "users"}),
    "recovery_codes": Rules(key=("user_id", "code_hash"), parents={"user_id": "two_factors"}),
    "devices": Rules(key=("user_id", "name"), parents={"user_id": "users"}),
}


class Tables(dict[str, Rows]):
    """The rows of all tables by name."""

    def __init__(self) -> None:
        super().__init__()
        for name, rules in RULES.items():
            self[name] = Rows(rules, self)

    def copy(self) -> "Tables":
        """A copy that shares the row objects: `Rows` replaces them and never changes them."""
        copied = Tables()
        for name, rows in self.items():
            copied[name].stored = dict(rows.stored)
        return copied
