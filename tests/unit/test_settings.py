"""Settings in the spellings that operators and providers use."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from adapters.sql.urls import parsed
from entrypoints.api.gate import gate_of
from entrypoints.api.http import session_cookie
from entrypoints.container import templates
from entrypoints.cores import cores
from entrypoints.settings import Settings

POSTGRES, MYSQL = "postgres://u:p@127.0.0.1/db", "mysql://u:p@127.0.0.1/db"
DECADE = 10 * 365 * 86_400


def settings(**given):
    return Settings(_env_file=None, **given)


@pytest.mark.parametrize(
    "spelled, origin",
    [
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://faß.example", "https://xn--fa-hia.example"),  # another domain than fass.example
        ("https://例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
        (" https://app.acme.test \n", "https://app.acme.test"),
        ("HTTPS://App.Acme.Test/", "https://app.acme.test"),
        ("https://app.acme.test.", "https://app.acme.test"),
        ("https://app.acme.test.:443/", "https://app.acme.test"),
        ("http://app.acme.test:80", "http://app.acme.test"),
        ("http://app.acme.test:443", "http://app.acme.test:443"),
        ("http://[0:0::1]:8000", "http://[::1]:8000"),
    ],
)
def test_base_url_is_normalized_as_browsers_do(spelled, origin):
    chosen = settings(base_url=spelled)
    assert chosen.base_url == origin
    host = origin.partition("://")[2]
    gate = gate_of(chosen, lambda subdomain: False)
    headers = {"host": host, "origin": origin}
    assert gate.refusal("POST", "/api/login", headers) is None
    assert templates(chosen).base_url == origin


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://u:p@app.test",
            "https://a..b",
            "https://127.1",
            "https://app.test/#x",
            "https://app.test?x",
        ),
        *(
            "https://app.test:",
            "https://app.test\\x",
            "https://a\u200bb.test",
            "ftp://app.test",
            "//app.test",
        ),
    ],
)
def test_an_invalid_or_ambiguous_base_url_is_refused(url):
    with pytest.raises(ValidationError):
        settings(base_url=url)


def test_the_session_cookie_of_development_has_the_port_in_its_name():
    assert session_cookie(settings(port=8123)).name == "session-8123"


@pytest.mark.parametrize(
    "spelled, networks",
    [
        ("127.0.0.1,10.0.0.5/8", ["127.0.0.1/32", "10.0.0.0/8"]),
        (" 127.0.0.1 , ::1,", ["127.0.0.1/32", "::1/128"]),
        ("127.0.0.1 10.0.0.0/255.0.0.0", ["127.0.0.1/32", "10.0.0.0/8"]),
        ("::ffff:127.0.0.1 ::ffff:10.0.0.0/104", ["127.0.0.1/32", "10.0.0.0/8"]),
        ("[::1] [2001:db8::1]/32", ["::1/128", "2001:db8::/32"]),
    ],
)
def test_trusted_proxies_are_read_in_several_spellings(spelled, networks):
    assert settings(trusted_proxies=spelled).trusted_proxies == tuple(map(ip_network, networks))


@pytest.mark.parametrize("name", ["session_idle", "session_idle_remembered", "session_max"])
def test_a_session_lives_ten_years_at_most(name):
    assert getattr(settings(**{name: DECADE}), name) == DECADE
    for seconds in (0, -1, DECADE + 1, 10**12):
        with pytest.raises(ValidationError):
            settings(**{name: seconds})


@pytest.mark.parametrize("name", ["reset_link_ttl", "verify_link_ttl"])
def test_a_link_lives_ten_years_at_most(name):
    with pytest.raises(ValidationError):
        settings(**{name: DECADE + 1})


def driver_gets(database_url):
    return parsed(settings(database_url=database_url).database_url)


@pytest.mark.parametrize(
    "options, asked",
    [
        ("", {}),
        ("?sslmode=require", {"sslmode": "require"}),
        ("?ssl-mode=REQUIRED", {"sslmode": "require"}),
        ("?ssl-mode=VERIFY_IDENTITY&sslrootcert=system", {"sslmode": "verify-full", "sslrootcert": "system"}),
        ("?pgbouncer=true&sslmode=disable", {"sslmode": "disable", "prepare_threshold": None}),
        ("?pgbouncer=false", {}),
    ],
)
def test_the_options_of_a_postgresql_url_reach_the_driver(options, asked):
    url, found = driver_gets(POSTGRES + options)
    assert (url.drivername, dict(url.query)) == ("postgresql+psycopg", {})
    assert found == {"client_encoding": "utf8"} | asked


@pytest.mark.parametrize("options", ["", "?ssl-mode=PREFERRED", "?sslmode=prefer"])
def test_mysql_leaves_encryption_to_the_driver_by_default(options):
    url, found = driver_gets(MYSQL + options)
    assert (url.drivername, dict(url.query), found) == ("mysql+pymysql", {}, {"charset": "utf8mb4"})


def test_mysql_can_be_used_without_encryption():
    assert driver_gets(f"{MYSQL}?ssl-mode=DISABLED")[1]["ssl_disabled"] is True


@pytest.mark.parametrize(
    "option, certificate, name",
    [
        ("ssl-mode=REQUIRED", False, False),
        ("sslmode=require", False, False),
        ("ssl-mode=VERIFY_CA", True, False),
        ("ssl-mode=verify_identity", True, True),
        ("sslmode=verify-full", True, True),
    ],
)
def test_mysql_can_require_encryption(option, certificate, name):
    context = driver_gets(f"{MYSQL}?{option}")[1]["ssl"]
    assert (context.verify_mode.name == "CERT_REQUIRED", context.check_hostname) == (certificate, name)


@pytest.mark.parametrize(
    "url",
    [f"{POSTGRES}?{option}" for option in ("options=-c", "sslmode=", "sslmode=on", "pgbouncer=maybe", "x")]
    + [f"{MYSQL}?pgbouncer=true", f"{MYSQL}?ssl=true", f"{POSTGRES}?sslmode=require&sslmode=disable"]
    + [f"{POSTGRES}?sslrootcert=/nowhere", "sqlite:///x.db?timeout=5", "postgres://u:a@b@127.0.0.1/db"],
)
def test_an_unknown_or_wrong_option_of_a_database_url_is_refused(url):
    with pytest.raises(ValidationError):
        settings(database_url=url)


def test_a_sqlite_file_may_be_in_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/a da")
    assert driver_gets("sqlite:///~/x.db")[0].database == "/home/a da/x.db"
    with pytest.raises(ValidationError):
        settings(database_url="sqlite:///~no-such-account/x.db")


@pytest.mark.parametrize(
    "own, files, count",
    [
        ("0::/", {"cpu.max": "100000 100000"}, 1),
        ("0::/", {"cpu.max": "50000 100000"}, 1),
        ("0::/", {"cpu.max": "350000 100000"}, 3),
        ("0::/", {"cpu.max": "max 100000"}, 8),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "200000 100000"}, 2),
        ("0::/only/outside", {"cpu.max": "200000 100000"}, 2),
        ("4:cpu,cpuacct:/", {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        ("4:cpu:/x", {"cpu/x/cpu.cfs_quota_us": "10", "cpu/x/cpu.cfs_period_us": "100000"}, 1),
        ("4:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ("0::/", {"cpu.max": "nonsense"}, 8),
        ("", {}, 8),
    ],
)
def test_the_number_of_cores_follows_the_quota_of_a_container(own, files, count, monkeypatch, tmp_path):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(8)))
    (tmp_path / "own").write_text(f"{own}\n" if own else "")
    for name, content in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(f"{content}\n")
    assert cores(tmp_path / "groups", tmp_path / "own") == count
    assert cores(tmp_path / "groups", tmp_path / "not there") == 8
