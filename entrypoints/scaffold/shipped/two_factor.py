"""The second factor: codes of an app, recovery codes, logins that wait for a code, teams that need a factor.

The password is then the only proof for a dangerous change.
"""

from entrypoints.scaffold.shipped import Shipped, drop, everywhere, lines, section, sub, swap

API = "entrypoints/api/"
FLASK = "entrypoints/flask_app/"
PAGES = "entrypoints/flask_app/templates/"
STATIC = "entrypoints/flask_app/static/"
WRITTEN = "entrypoints/scaffold/templates/"
CONTRACT = "tests/contract/"
INTEGRATION = "tests/integration/"
TEAM_ROW = """\
  {% set need = 'Required' if team.needs_two_factor else 'Optional' %}
  {% if member.may('ask for two-factor') %}
  {% call row('Two-factor authentication', need, id='change-need') %}
  <form action="/api/teams/{{ team.id }}/two-factor" method="post" novalidate data-json
        data-then="/teams/{{ team.id }}" data-done="Saved.">
    {% if team.needs_two_factor %}
    <p class="muted">Members without two-factor authentication get access again.</p>
    {% else %}
    <p class="muted">Members without two-factor authentication lose access until they set it up. \
Set it up for your own account first.</p>
    {% endif %}
    <input type="hidden" name="needed" data-flag value="{{ '' if team.needs_two_factor else 'yes' }}">
    {{ submit('Make optional' if team.needs_two_factor else 'Require for all members', look='quiet') }}
  </form>
  {% endcall %}
  {% else %}
  {{ row('Two-factor authentication', need) }}
  {% endif %}
"""
ADMIN_ROW = """\
  {% if second_factor %}
  {% set on %}<span class="badge good">On</span>{% endset %}
  {% call row('Two-factor authentication', on, change='Switch off', id='two-factor') %}
  <form action="{{ api }}/two-factor" method="post" novalidate data-json data-method="delete" \
data-then="{{ here_url }}" data-done="Two-factor authentication of {{ person.username }} is off.">
    <p class="muted">Only for users who have lost their phone and their recovery codes. \
Make sure the request really comes from the user. We'll email them.</p>
    {{ submit('Switch off', look='danger') }}
  </form>
  {% endcall %}
  {% else %}
  {{ row('Two-factor authentication', 'Off') }}
  {% endif %}
"""
SECURITY_ROW = """\
  <a class="setting-row fixed" href="/settings/two-factor">
    <span class="label">Two-factor authentication</span>
    <span class="value">{% if on %}<span class="badge good">On</span>{% else %}Off{% endif %}</span>
    <span class="change">{{ 'Change' if on else 'Set up' }}</span>
  </a>
"""
CODE_CARD = """\
  {% if by_code %}
  <div class="card below">
    <h2>Or use a code</h2>
    <form action="/api/reauthentication" method="post" novalidate data-json data-then="{{ next }}" \
data-done="Confirmed. You can continue.">
      {{ field('code', 'Code', hint='6 digits from your authenticator app, or a recovery code.', \
autocomplete='one-time-code', autocapitalize='none', spellcheck='false') }}
      {{ submit('Confirm with code') }}
    </form>
  </div>
  {% endif %}
"""
CODE_IS_DUE = """\
  if (code === CODE_DUE && form.dataset.code) {
    goTo(form.dataset.code + (passed && `#${passed}`));
    return;
  }
  if (code === CODE_DUE && form.dataset.logsIn === undefined) {
    leaveFor('/login/two-factor', form, typed); // another tab logs in
    return;
  }
"""
CONTRACT_TEST = """\
def test_the_<< things_ >>_of_a_team_that_needs_a_second_factor_are_not_exported(store, ada, team):
    add(store, << a_thing_ >>(team.id))
    team.needs_two_factor = True
    with store.transaction() as work:
        work.teams.save(team)
        work.commit()

    with store.look() as stored:
        assert stored.<< word >>.exported(ada.id, None).items == []


"""

SHIPPED = Shipped(
    title="the second factor",
    names=r"""(?xi) two.?factor | second.?factor | recovery.?codes? | pending.?logins? | totp | pyotp | segno
        | one.?time.?codes? | barred | otpauth | service\(Codes | application[./]codes
        | (?:domain|application)[./]logins
        | \.logins\b | "logins" | a_factor | LoginStore | SqlLogins | MemoryLogins | WrongProof | WrongCode
        | WRONG_CODE | CODE_PLACES | CODE_REFUSED | CODE_DUE | LONGEST_CODE | \bCode\b\W+Password
        | 40103 | 40908 | 40909""",
    files=(
        "domain/logins.py",
        "domain/two_factor.py",
        "application/codes.py",
        "application/logins.py",
        "application/two_factor.py",
        "adapters/codes.py",
        "adapters/sql/logins.py",
        "adapters/sql/two_factor.py",
        "adapters/memory/logins.py",
        "adapters/memory/two_factor.py",
        "adapters/mail/templates/recovery_code_used.jinja",
        "adapters/mail/templates/recovery_codes_renewed.jinja",
        "adapters/mail/templates/two_factor_off.jinja",
        "adapters/mail/templates/two_factor_on.jinja",
        "entrypoints/api/two_factor.py",
        "entrypoints/flask_app/two_factor.py",
        "entrypoints/flask_app/static/two_factor.css",
        "entrypoints/flask_app/templates/login_two_factor.html",
        "entrypoints/flask_app/templates/two_factor.html",
        "tests/unit/test_logins.py",
        "tests/unit/test_two_factor.py",
        "tests/contract/test_two_factor.py",
        "tests/contract/test_logins.py",
        "tests/integration/test_two_factor.py",
        "tests/browser/test_two_factor.py",
    ),
    edits=(
        # The core
        *drop("domain/access.py", "Permission.SWITCH_OFF_TWO_FACTOR", "TeamPermission.ASK_FOR_TWO_FACTOR"),
        *swap("domain/access.py", "TeamPermission.ASK_FOR_TWO_FACTOR, "),
        *drop("domain/events.py", "Tag.TWO_FACTOR_ON", "Tag.TWO_FACTOR_OFF", "Tag.TEAM_TWO_FACTOR"),
        *drop("domain/events.py", "Tag.RECOVERY_CODES_RENEWED", "Tag.RECOVERY_CODE_USED", "Tag.CODE_REFUSED"),
        *drop("domain/mails.py", "MailKind.TWO_FACTOR_ON", "MailKind.TWO_FACTOR_OFF"),
        *drop("domain/mails.py", "MailKind.RECOVERY_CODES_RENEWED", "MailKind.RECOVERY_CODE_USED"),
        *drop("domain/limits.py", "WRONG_CODES"),
        *drop("domain/teams.py", "Team.needs_two_factor", "Membership.barred"),
        *swap(
            "domain/teams.py",
            "`barred` says that the team needs a second factor, and that the\n"
            "    user has none. Both are read with the membership, and never written.",
            "It is read with the membership, and never written.",
        ),
        *swap("domain/teams.py", "\n\n        Raise TwoFactorNeeded for a member that is barred.\n        "),
        *lines("domain/teams.py", "if found.barred:", "raise TwoFactorNeeded", '"needs_two_factor": '),
        *drop("application/ports.py", "Reading.logins", "Reading.two_factor", "OneTimeCodes"),
        *drop("application/limits.py", "WRONG_CODE", "CODE_PLACES", "Limits.code", "Limits.recovery_code"),
        *drop("application/limits.py", "Limits.clear_codes", "Limits._wrong_code"),
        *drop("application/sessions.py", "Sessions.logins"),
        *swap("application/sessions.py", "SignedIn | PendingLogin", "SignedIn"),
        *swap("application/sessions.py", " A login that waits for a code is pending."),
        *lines("application/sessions.py", "pending = self.logins.begin(", "work.logins."),
        *swap("application/sessions.py", "pending or self.open(", "self.open("),
        *lines("application/administration.py", "work.logins."),
        *lines("application/passwords.py", "work.logins.", "factor = ", "if factor is not None"),
        *lines("application/passwords.py", "work.two_factor."),
        *swap("application/teams.py", "  # a member that is barred may leave, too"),
        *lines("adapters/sql/unit_of_work.py", "self.logins = ", "self.two_factor = "),
        *lines("adapters/sql/teams.py", 'Column("needs_two_factor"'),
        *drop("adapters/sql/teams.py", "ITS_TEAM", "BARRED"),
        *swap("adapters/sql/teams.py", ", barred=func.coalesce(BARRED, false())"),
        *lines("adapters/memory/unit_of_work.py", "self.logins = ", "self.two_factor = "),
        *lines("adapters/memory/tables.py", '"logins": ', '"two_factors": ', '"recovery_codes": '),
        *drop("adapters/memory/teams.py", "MemoryTeams._barred"),
        *swap("adapters/memory/teams.py", ", barred=self._barred(member)"),
        *drop("entrypoints/container.py", "Container.one_time_codes", "Container.codes", "Container.logins"),
        *drop("entrypoints/container.py", "Container.two_factor"),
        *lines("entrypoints/demo.py", "assert isinstance(actor, SignedIn)"),
        # The API and the command line
        *lines(API + "routes.py", "two_factor = wire(", 'route("POST", "/api/login/two-factor"'),
        *lines(API + "routes.py", 'route("POST", "/api/two-factor', 'route("DELETE", "/api/two-factor"'),
        *lines(API + "routes.py", 'route("POST", "/api/teams/<id>/two-factor"'),
        *lines(API + "routes.py", 'route("DELETE", "/api/admin/users/<id>/two-factor"'),
        *drop(API + "http.py", "Code", "LONGEST_CODE", "Response.error", "answered"),
        *swap(
            API + "http.py",
            "\n\n    `error` is for an answer that is an error and sets a cookie. "
            "Other errors are raised.\n    ",
        ),
        *drop(API + "reauthentication.py", "Prove.code", "ReauthenticationViews.two_factor"),
        *swap(
            API + "reauthentication.py",
            "        if body.code and not body.current_password:\n"
            "            self.two_factor.prove(request.signed_in(), body.code)\n"
            "            return DONE\n",
        ),
        *lines(API + "sessions.py", "if isinstance(actor, PendingLogin):", "return Response({}, "),
        *drop(API + "teams.py", "TeamShape.needs_two_factor"),
        *drop("entrypoints/cli.py", "two_factor_off"),
        # Its bindings and the pages
        *lines(FLASK + "api.py", "response, status = answered("),
        *swap(FLASK + "app.py", "container.sessions(), container.two_factor(), ", "container.sessions(), "),
        *drop(FLASK + "login.py", "NO_SESSION"),
        *swap(FLASK + "login.py", "two_factor: SecondFactors, "),
        *lines(FLASK + "login.py", "app.extensions[NO_SESSION] = "),
        *swap(FLASK + "login.py", ", and SecondFactorDue for a login that waits for a code"),
        *swap(FLASK + "login.py", "current_app.extensions[NO_SESSION]()", "NotLoggedIn"),
        *swap(FLASK + "login.py", "import Client\n", "import Client, NotLoggedIn\n"),
        *lines("entrypoints/starlette_app.py", "self.two_factor = "),
        *swap("entrypoints/starlette_app.py", "self.two_factor.refusal(secret)", "NotLoggedIn"),
        *swap(
            "entrypoints/starlette_app.py",
            "http.answered(row.view(*given), row.status)",
            "row.view(*given), row.status",
        ),
        *swap("entrypoints/starlette_app.py", "import Client\n", "import Client, NotLoggedIn\n"),
        *lines(FLASK + "errors.py", "page = ", "if isinstance(error, TwoFactorNeeded)"),
        *lines(FLASK + "errors.py", 'return redirect("/settings/two-factor")'),
        *swap(FLASK + "errors.py", 'f"{page}?next=', 'f"/login?next='),
        *drop(FLASK + "accounts.py", "AccountPages.two_factor"),
        *lines(FLASK + "accounts.py", "on, _ = self.two_factor."),
        *swap(FLASK + "accounts.py", "actor, on=on)", "actor)"),
        *drop(FLASK + "administration.py", "AdministrationPages.two_factor"),
        *lines(FLASK + "administration.py", "second_factor="),
        *drop(FLASK + "reauthentication.py", "ReauthenticationPages.two_factor"),
        *lines(FLASK + "reauthentication.py", "by_code, _ = "),
        *swap(FLASK + "reauthentication.py", ", by_code=by_code"),
        *drop(FLASK + "sessions.py", "SessionPages.two_factor"),
        *swap(
            FLASK + "sessions.py",
            "        else:\n"
            "            self.two_factor.cancel_login(request.cookies.get(self.cookie.name))\n",
        ),
        *lines(FLASK + "routes.py", "two_factor = wire(", 'page("GET", "/login/two-factor"'),
        *lines(FLASK + "routes.py", 'page("GET", "/settings/two-factor"'),
        *lines(FLASK + "dev.py", "MailKind.TWO_FACTOR_", "MailKind.RECOVERY_CODE"),
        *swap(PAGES + "team.html", TEAM_ROW),
        *swap(PAGES + "admin_user.html", ADMIN_ROW),
        *swap(PAGES + "security.html", SECURITY_ROW),
        *swap(PAGES + "reauthenticate.html", CODE_CARD),
        *swap(
            PAGES + "members.html",
            '{% if each.barred %} <span class="badge">Two-factor off</span>{% endif %}',
        ),
        *swap(PAGES + "data.html", "two-factor authentication, "),
        *swap(
            PAGES + "login.html",
            """ data-code="/login/two-factor{% if next != '/' %}?next={{ next|urlencode }}{% endif %}\"""",
        ),
        *lines(PAGES + "fields.html", 'data-code="/login/..."'),
        *swap(
            PAGES + "fields.html",
            'type="password", type="hidden" or autocomplete="one-time-code"',
            'type="password" or type="hidden"',
        ),
        *lines(STATIC + "forms.js", "const CODE_DUE = "),
        *swap(STATIC + "forms.js", ", [CODE_DUE]: 'code'"),
        *swap(STATIC + "forms.js", CODE_IS_DUE),
        *swap(STATIC + "forms.js", " && !form.elements.code"),
        *swap(STATIC + "forms.js", "no password, token or code.", "no password or token."),
        *swap(STATIC + "forms.js", "({ type, autocomplete }) =>", "({ type }) =>"),
        *swap(STATIC + "forms.js", " || autocomplete === 'one-time-code'"),
        # Documentation
        *lines("README.md", "- Users set up a second factor"),
        *lines(
            "SECURITY.md", "| pending login |", "| second factor |", "| wrong codes of the second factor |"
        ),
        *lines("SECURITY.md", "- A mail tells of each change of the second factor."),
        *section("SECURITY.md", "## Second factor"),
        *swap("SECURITY.md", "A right password or code takes", "A right password takes"),
        *lines("CONTRIBUTING.md", "| pyotp |", "| segno |"),
        *lines("entrypoints/deploy/README.md", "| `users two-factor-off E` |"),
        *lines(API + "README.md", "Two changes always need the password and a code"),
        *lines(API + "README.md", "| `POST /api/login/two-factor`", "| `POST /api/two-factor"),
        *lines(API + "README.md", "| `DELETE /api/two-factor`", "| `POST /api/teams/<id>/two-factor`"),
        *lines(API + "README.md", "| `DELETE /api/admin/users/<id>/two-factor`"),
        *lines(API + "README.md", "| `GET /login/two-factor`", "| `GET /settings/two-factor`"),
        *lines(API + "README.md", "| switch off two-factor |", "| ask for two-factor |"),
        *swap(API + "README.md", ", logins, two_factor"),
        *swap(
            API + "README.md", "current_password?, code? | 200, a proof", "current_password? | 200, a proof"
        ),
        *swap(API + "README.md", "a proof: the password, or a code; it", "a proof: the password; it"),
        *swap(API + "README.md", ", deletion, second factor |", ", deletion |"),
        # What `make feature` writes
        *swap(
            WRITTEN + "memory.py.jinja",
            "for team, member in MemoryTeams(self.tables).of(user_id) if not member.barred",
            "for team, _ in MemoryTeams(self.tables).of(user_id)",
        ),
        *swap(
            WRITTEN + "sql.py.jinja",
            "for team, member in SqlTeams(self.execute).of(user_id) if not member.barred",
            "for team, _ in SqlTeams(self.execute).of(user_id)",
        ),
        *swap(WRITTEN + "test_contract.py.jinja", CONTRACT_TEST),
        *everywhere("adapters/*/*.py", r"\bteam, member in (.*) if not member\.barred", r"team, _ in \1"),
        *everywhere(
            CONTRACT + "*.py",
            r"^def test_the_\w+_of_a_team_that_needs_a_second_factor_are_not_exported.*\n((    .*)?\n)+",
        ),
        # Packages
        *lines("pyproject.toml", '"pyotp>', '"segno>'),
        # Tests
        *drop("tests/fakes.py", "StepCodes"),
        *drop("tests/samples.py", "a_pending_login", "a_factor"),
        *drop("tests/unit/conftest.py", "World.code", "World.set_up"),
        *lines("tests/unit/conftest.py", "self.one_time_codes = "),
        *sub("tests/unit/test_mails.py", r'"logins": 0,\s*'),
        *lines("tests/unit/test_teams.py", "lambda: world.two_factor.demand("),
        *drop(CONTRACT + "test_side_by_side.py", "SideBySide.add_a_login", "SideBySide.use_codes"),
        *drop(CONTRACT + "test_side_by_side.py", "SideBySide.end_a_login_or_count_a_wrong_code"),
        *drop(CONTRACT + "test_side_by_side.py", "SideBySide.add_a_factor"),
        *drop(CONTRACT + "test_side_by_side.py", "SideBySide.need_a_factor_in_a_team"),
        *swap(CONTRACT + "test_side_by_side.py", ', "logins"'),
        *lines(
            CONTRACT + "test_side_by_side.py", "[stored.logins.", "[stored.two_factor.", "[[member.barred"
        ),
        *lines(INTEGRATION + "table.py", "POST   /api/login/two-factor", "POST   /api/two-factor"),
        *lines(INTEGRATION + "table.py", "DELETE /api/two-factor", "POST   /api/teams/<id>/two-factor"),
        *lines(INTEGRATION + "table.py", "DELETE /api/admin/users/<id>/two-factor"),
        *lines(INTEGRATION + "table.py", "GET    /settings/two-factor", "GET    /login/two-factor"),
        *lines(INTEGRATION + "table.py", '"POST /api/login/two-factor": ', '"POST /api/two-factor'),
        *lines(INTEGRATION + "table.py", '"DELETE /api/two-factor": ', '"POST /api/teams/<id>/two-factor": '),
        *drop(INTEGRATION + "table.py", "RECOVERY_CODE"),
        *swap(INTEGRATION + "table.py", ", with a second factor. It is the member", ". It is the member"),
        *swap(INTEGRATION + "table.py", ', "code": ""}', "}"),
        *lines(INTEGRATION + "test_rows.py", "work.two_factor."),
        *swap(INTEGRATION + "test_rows.py", ", RECOVERY_CODE, RIGHT", ", RIGHT"),
        *swap(
            INTEGRATION + "test_rows.py",
            ' and name != "POST /api/login/two-factor":  # its pending login is no session',
            ":",
        ),
        *lines(INTEGRATION + "test_teams.py", '"needs_two_factor": '),
        *swap(INTEGRATION + "test_delivery.py", ', "logins"'),
        *drop(INTEGRATION + "test_cli.py", "test_the_second_factor_of_a_user_is_switched_off"),
        *swap(INTEGRATION + "test_statements.py", '("/api/user", 2)', '("/api/user", 1)'),
        *swap(INTEGRATION + "test_volume.py", "== 8 + more", "== 7 + more"),
        *swap(INTEGRATION + "test_statements.py", "_and_one_where_a_login_may_wait"),
        *swap(INTEGRATION + "test_statements.py", '"/settings/security", 3', '"/settings/security", 2'),
        *lines("tests/browser/test_pages.py", 'Case("two-factor"'),
    ),
    # A tag or a kind of mail that the code does not know could not be read.
    upgrade="""\
op.execute(
        "DELETE FROM events WHERE tag IN ('two_factor_on', 'two_factor_off', 'recovery_codes_renewed', "
        "'recovery_code_used', 'code_refused', 'team_two_factor')"
    )
    op.execute(
        "DELETE FROM mails WHERE kind IN ('two_factor_on', 'two_factor_off', 'recovery_codes_renewed', "
        "'recovery_code_used')"
    )
    op.drop_column("teams", "needs_two_factor")
    for table in ("logins", "recovery_codes", "two_factors"):
        op.drop_table(table)""",
    downgrade="""\
mysql = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}
    op.create_table(
        "two_factors",
        sa.Column("user_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("created_at", adapters.sql.types.Utc(), nullable=False),
        sa.Column("confirmed_at", adapters.sql.types.Utc()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_two_factors_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_two_factors")),
        **mysql,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["two_factors.user_id"],
            name=op.f("fk_recovery_codes_user_id_two_factors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
        **mysql,
    )
    op.create_table(
        "logins",
        sa.Column("id", adapters.sql.types.Id(), nullable=False),
        sa.Column("user_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("remembered", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("created_at", adapters.sql.types.Utc(), nullable=False),
        sa.Column("expires_at", adapters.sql.types.Utc(), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_logins_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_logins_secret_hash")),
        **mysql,
    )
    for name in ("user_id", "expires_at"):
        op.create_index(op.f(f"ix_logins_{name}"), "logins", [name])
    kind = sa.Boolean(create_constraint=False)
    op.add_column("teams", sa.Column("needs_two_factor", kind, nullable=False, server_default=sa.false()))""",
    packages=("pyotp", "segno"),
)
