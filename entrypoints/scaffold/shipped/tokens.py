"""API tokens: `Authorization: Bearer`, their scopes and their page."""

from entrypoints.scaffold.shipped import Shipped, drop, everywhere, lines, section, swap

API = "entrypoints/api/"
FLASK = "entrypoints/flask_app/"
PAGES = "entrypoints/flask_app/templates/"
WRITTEN = "entrypoints/scaffold/templates/"
CONTRACT = "tests/contract/"
INTEGRATION = "tests/integration/"
VIEWS = ("accounts", "events", "invitations", "teams")

SHIPPED = Shipped(
    title="API tokens",
    names=r"""(?x) API[ ]tokens? | (?:domain|application|api|sql|memory|flask_app)[./]tokens\b
        | \b(?:work|stored|world|container|self)\.tokens\b | \btokens=True | /tokens\b
        | \b(?:a|api|by|new)_token\b | Tokens\b | \b(?:Mem|Sql)\w*Tokens | TokenActor | TokenStore
        | TokenGone | NotByToken | ReadOnlyToken
        | TokenViews | TokenPages | TokenShape | CreateToken
        | TOKEN_(?:CREATED|REVOKED|PREFIX|TOUCH) | NEW_TOKENS
        | token_(?:created|revoked|actor) | bearer | Bearer | hxs_ | 40104 | 40907 | user_actor""",
    files=(
        "domain/tokens.py",
        "application/tokens.py",
        "adapters/sql/tokens.py",
        "adapters/memory/tokens.py",
        "adapters/mail/templates/token_created.jinja",
        "entrypoints/api/tokens.py",
        "entrypoints/flask_app/tokens.py",
        "entrypoints/flask_app/templates/tokens.html",
        "tests/unit/test_tokens.py",
        "tests/contract/test_tokens.py",
        "tests/integration/test_tokens.py",
        "tests/browser/test_tokens.py",
    ),
    edits=(
        # The core
        *swap(
            "domain/access.py",
            "A user, by a session or by an API token. A use case that no token reaches takes `SignedIn`.",
            "A user. `SignedIn` has the session, too.",
        ),
        *drop("domain/events.py", "Tag.TOKEN_CREATED", "Tag.TOKEN_REVOKED"),
        *drop("domain/limits.py", "NEW_TOKENS"),
        *drop("domain/mails.py", "MailKind.TOKEN_CREATED"),
        *drop("application/ports.py", "Reading.tokens"),
        *drop("application/limits.py", "Limits.new_token"),
        *swap("application/accounts.py", "SignedIn | TokenActor", "SignedIn"),
        *lines("application/administration.py", "work.tokens."),
        *lines("application/passwords.py", "work.tokens."),
        *swap("application/reauthentication.py", "SignedIn | TokenActor", "SignedIn"),
        *lines("application/reauthentication.py", "Raise TokenGone for a revoked token."),
        *lines("application/reauthentication.py", "found: tuple[object, User] | None"),
        *swap(
            "application/reauthentication.py",
            "        if isinstance(actor, TokenActor):\n"
            "            found = work.tokens.find(actor.token.token_hash, self.now())\n"
            "        else:\n"
            "            found = ",
            "        found = ",
        ),
        *swap("application/reauthentication.py", "TokenGone if isinstance(actor, TokenActor) else "),
        *lines("adapters/sql/unit_of_work.py", "self.tokens = "),
        *lines("adapters/memory/unit_of_work.py", "self.tokens = "),
        *lines("adapters/memory/tables.py", '"tokens": '),
        *drop("entrypoints/container.py", "Container.tokens"),
        *lines("entrypoints/demo.py", "self.container.tokens()"),
        # The API
        *lines(API + "routes.py", "tokens = wire(", 'route("GET", "/api/tokens"'),
        *lines(API + "routes.py", 'route("POST", "/api/tokens"', 'route("DELETE", "/api/tokens/'),
        *swap(API + "routes.py", ", tokens=True"),
        *(edit for view in VIEWS for edit in swap(f"{API}{view}.py", "user_actor()", "signed_in()")),
        *swap(API + "http.py", "\n\n    A request with an API token has no cookie.\n    "),
        *drop(API + "http.py", "Request.user_actor", "Row.tokens", "Route.tokens"),
        *swap(API + "http.py", "SignedIn | TokenActor", "SignedIn"),
        *swap(
            API + "http.py",
            'Raise NotLoggedIn, or NotByToken."""\n'
            "        actor = self.user_actor()\n"
            "        if not isinstance(actor, SignedIn):\n"
            "            raise NotByToken\n"
            "        return actor",
            'Raise NotLoggedIn."""\n'
            "        if self.actor is None:\n"
            "            raise NotLoggedIn\n"
            "        return self.actor",
        ),
        *lines(API + "http.py", "`tokens` says that an API token reaches the route"),
        *lines(API + "gate.py", "# No browser adds a token by itself"),
        *swap(API + "gate.py", ' or bearer_token(headers.get("authorization", "")) is not None'),
        *swap(
            API + "openapi.py",
            " Some calls take \\\nan API token in its place: `Authorization: Bearer hxs_...`.",
        ),
        *lines(API + "openapi.py", '"token": {"type": "http"'),
        *swap(
            API + "openapi.py",
            'return ("session", "token") if row.tokens else ("session",)',
            'return ("session",)',
        ),
        *swap(
            API + "openapi.py",
            "no session, a wrong token, or a token that does not reach the row",
            "no session, or no permission",
        ),
        *swap(API + "streams.py", " It needs a session: no API token reaches it."),
        *drop(API + "streams.py", "StreamRoute.tokens"),
        *lines("entrypoints/problems.py", "if isinstance(error, TokenGone)", 'return {"WWW-Authenticate"'),
        # Its bindings and the pages
        *swap(FLASK + "app.py", ", cookie, container.tokens())", ", cookie)"),
        *swap(FLASK + "api.py", "cookie: SessionCookie, tokens: Tokens", "cookie: SessionCookie"),
        *lines(FLASK + "api.py", "actor: SignedIn | TokenActor", "secret = None  # no cookie"),
        *lines(FLASK + "api.py", "environ[USER_ID] = actor.id"),
        *swap(
            FLASK + "api.py",
            "        if actor := token_actor(tokens, route, "
            'environ.get("HTTP_AUTHORIZATION", ""), client()):\n'
            "        elif not route.public:\n"
            "            actor = signed_in()",
            "        actor = None if route.public else signed_in()",
        ),
        *lines(FLASK + "login.py", "if bearer_token(", "return None  # no cookie"),
        *lines("entrypoints/starlette_app.py", "self.tokens = ", "by_token = token_actor("),
        *swap(
            "entrypoints/starlette_app.py", "an error of the token or the session", "an error of the session"
        ),
        *swap("entrypoints/starlette_app.py", "None if by_token else "),
        *swap(
            "entrypoints/starlette_app.py",
            "by_token or (self._visitor(request, secret, client) if needed else None)",
            "self._visitor(request, secret, client) if needed else None",
        ),
        *lines(FLASK + "routes.py", "tokens = wire(", 'page("GET", "/settings/tokens"'),
        *lines(FLASK + "dev.py", "MailKind.TOKEN_CREATED: "),
        *drop(FLASK + "docs.py", "Operation.by_token"),
        *lines(FLASK + "docs.py", "by_token="),
        *swap(
            PAGES + "docs.html",
            '{% elif operation.by_token %} <span class="muted">By session or API token.</span>',
        ),
        *swap(
            PAGES + "security.html",
            '  <a class="setting-row fixed" href="/settings/tokens">\n'
            '    <span class="label">API tokens</span>\n'
            '    <span class="value">For programs that act as you</span>\n'
            '    <span class="change">Open</span>\n'
            "  </a>\n",
        ),
        *swap(PAGES + "security.html", "How you and your programs log in", "How you log in"),
        *swap(PAGES + "admin_user.html", "API tokens, "),
        *swap(PAGES + "data.html", "API tokens, "),
        *swap(
            PAGES + "reset_password.html",
            "You'll be logged out everywhere, and your API tokens will stop working.",
            "You'll be logged out everywhere.",
        ),
        # Documentation
        *lines("README.md", "- Users create API tokens", "A row with `tokens=True`"),
        *swap("README.md", ", tokens=True"),
        *swap("README.md", "user_actor()", "signed_in()"),
        *swap("README.md", "SignedIn | TokenActor", "SignedIn"),
        *lines("SECURITY.md", "| API token |", "| new API tokens |", "- A mail tells of a new API token."),
        *section("SECURITY.md", "## API tokens"),
        *lines("CONTRIBUTING.md", "tokens=True,"),
        *swap(
            API + "README.md",
            "A program sends an API token in place of the cookie: `Authorization: Bearer hxs_...`. "
            "The user creates it on `/settings/tokens`.\n"
            "A token with the scope `read` may send GET and HEAD. "
            "A token reaches the routes with `tokens=True` in\n"
            "`entrypoints/api/routes.py`. On every other route the answer is 403. "
            "No cookie is read or set beside a token.\n\n",
        ),
        *swap(API + "README.md", ", and all API tokens"),
        *swap(API + "README.md", ", tokens"),
        *swap(API + "README.md", "API tokens, "),
        *lines(API + "README.md", "| `GET /api/tokens", "| `POST /api/tokens", "| `DELETE /api/tokens"),
        *lines(API + "README.md", "| `GET /settings/tokens`"),
        *swap(
            API + "README.md",
            "| `public`, `tokens` | whether it needs a session, and whether an API token is enough |",
            "| `public` | whether it needs a session |",
        ),
        # What `make feature` writes
        *lines(WRITTEN + "api.py.jinja", "tokens=True,"),
        *swap(WRITTEN + "api.py.jinja", ", tokens=True"),
        *swap(WRITTEN + "api.py.jinja", "user_actor()", "signed_in()"),
        *everywhere(API + "*.py", r"^ *tokens=True,\n|, tokens=True"),
        *everywhere(API + "*.py", r"\brequest\.user_actor\(\)", "request.signed_in()"),
        # Tests and the bench
        *drop("tests/samples.py", "a_token"),
        *lines("tests/unit/test_mails.py", '"tokens": 0,'),
        *drop(
            CONTRACT + "test_side_by_side.py", "SideBySide.add_a_token", "SideBySide.use_or_revoke_a_token"
        ),
        *swap(CONTRACT + "test_side_by_side.py", ', "tokens"'),
        *lines(CONTRACT + "test_side_by_side.py", "[stored.tokens."),
        *swap(INTEGRATION + "test_delivery.py", ', "tokens"'),
        *lines(INTEGRATION + "table.py", "GET    /api/tokens", "POST   /api/tokens", "DELETE /api/tokens/"),
        *lines(
            INTEGRATION + "table.py", "GET    /settings/tokens", '"POST /api/tokens": ', '"/api/tokens/": '
        ),
        *drop(INTEGRATION + "test_rows.py", "Made.token", "Site.token"),
        *drop(INTEGRATION + "test_rows.py", "test_a_token_reaches_the_rows_that_say_so_and_no_others"),
        *lines(INTEGRATION + "test_rows.py", "token, text = container.tokens()"),
        *swap(INTEGRATION + "test_rows.py", ", token, post)", ", post)"),
        *swap(INTEGRATION + "test_rows.py", ", right, text)", ", right)"),
        *swap(INTEGRATION + "test_openapi.py", ', "token"]', "]"),
        *lines(INTEGRATION + "test_openapi.py", "_, token = ", '"token": lambda'),
        *swap(INTEGRATION + "test_openapi.py", ', "token": row.tokens or url.startswith("/health/")'),
        *lines("tests/browser/test_pages.py", 'Case("tokens'),
        *lines("tests/bench/reads.py", "tokens = ", "by_token = ", '"by API token"', '("by API token"'),
        *drop("tests/bench/servers.py", "api_token"),
        *swap("tests/bench/load.py", ', token: str = ""'),
        *lines("tests/bench/load.py", 'head += [f"Authorization: Bearer'),
    ),
    # A tag or a kind of mail that the code does not know could not be read.
    upgrade="""\
op.execute("DELETE FROM events WHERE tag IN ('token_created', 'token_revoked')")
    op.execute("DELETE FROM mails WHERE kind = 'token_created'")
    op.drop_table("tokens")""",
    downgrade="""\
op.create_table(
        "tokens",
        sa.Column("id", adapters.sql.types.Id(), nullable=False),
        sa.Column("user_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("scope", sa.String(30), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", adapters.sql.types.Utc(), nullable=False),
        sa.Column("expires_at", adapters.sql.types.Utc()),
        sa.Column("last_used_at", adapters.sql.types.Utc()),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    for name in ("user_id", "expires_at"):
        op.create_index(op.f(f"ix_tokens_{name}"), "tokens", [name])""",
)
