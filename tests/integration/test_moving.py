"""The SQL of migrations/README.md moves a user of flask_for_startups."""

import re

from bcrypt import gensalt, hashpw

from domain.users import key_of
from tests.databases import ROOT


def test_a_moved_user_logs_in_with_the_old_password(engines, client):
    (sql,) = re.findall(r"```sql\n(.*?)```", (ROOT / "migrations/README.md").read_text(), re.DOTALL)
    sql = sql.replace("$2b$12$...", hashpw(b"an old password", gensalt(4)).decode())
    with engines.writer.begin() as connection:
        for statement in filter(str.strip, sql.split(";\n")):
            connection.exec_driver_sql(statement)

    login = {"email": "ADA@example.org", "password": "an old password"}
    status, answer = client.ask("POST", "/api/login", login)

    assert (status, answer["data"]["email"]) == (200, "Ada@example.org")
    assert f"'{key_of('Ada@example.org')}'" in sql
    assert client.ask("GET", "/api/teams")[1]["data"][0]["name"] == "Ada's team"
    assert client.ask("PATCH", "/api/user", {"username": "ada"})[0] == 200
    assert client.ask("POST", "/api/login", login)[0] == 200
