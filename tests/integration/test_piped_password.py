"""A password from a pipe, as shells and editors write it."""

import pytest
from click.testing import CliRunner

from entrypoints.cli import cli
from tests.samples import GOOD_PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CREATE = ["users", "create", "--email", "grace@example.org", "--username", "grace", "--password-stdin"]
NEW = f"{GOOD_PASSWORD} ñandú"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "", "\nsecond line\n"])
def test_utf_8_with_and_without_a_bom_is_the_same_password(container, client, encoding, end):
    result = CliRunner().invoke(cli, CREATE, obj=container, input=f"{NEW}{end}".encode(encoding))
    assert (result.exit_code, result.stderr) == (0, "")
    login = {"email": "grace@example.org", "password": NEW}
    assert client.ask("POST", "/api/login", login)[0] == 200


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_another_encoding_is_refused_in_one_line(container, encoding):
    result = CliRunner().invoke(cli, CREATE, obj=container, input=f"{NEW}\n".encode(encoding))
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("password: ") and result.stderr.count("\n") == 1
    assert "ñ" not in result.stderr
