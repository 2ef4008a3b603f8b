"""Usernames. A user then has an email address only, and is shown by it: "Email only" in CONTRIBUTING.md."""

from entrypoints.scaffold.shipped import Shipped, drop, everywhere, lines, section, sub, swap
from entrypoints.scaffold.shipped._usernames_in_tests import TESTS

PAGES = "entrypoints/flask_app/"
TEMPLATES = f"{PAGES}templates/"

DOMAIN = (
    *swap("domain/users.py", "address and username.", "address."),
    *drop("domain/users.py", "LONGEST_USERNAME", "USERNAME_RULES", "RESERVED_USERNAMES", "UsernameTaken"),
    *drop(
        "domain/users.py", "User.username", "User.username_key", "UserSearch.username", "acceptable_username"
    ),
    *swap("domain/users.py", '"id username ', '"id '),
    *swap("domain/users.py", "a username key, of an email key", "an email key"),
    *swap("domain/users.py", "First the usernames, then the addresses", "First the addresses"),
    *lines("domain/users.py", "if user.username_key.startswith", "return 0, user.username_key"),
    *swap("domain/users.py", "return 1, ", "return 0, "),
    *swap("domain/users.py", "return 2, ", "return 1, "),
    *swap("domain/users.py", "Stale, EmailTaken or UsernameTaken", "Stale or EmailTaken"),
    *swap("domain/users.py", " or UsernameTaken"),
    *swap("domain/users.py", "UserSearch(text, ", "UserSearch("),
    *swap("domain/teams.py", "the user's current name", "the user's current address"),
    *swap("domain/teams.py", "{username}'s", "{email.partition('@')[0]}'s"),
    *sub("domain/teams.py", r"\busername\b", "email"),
    *drop("domain/events.py", "Tag.USERNAME_CHANGED"),
    *swap(
        "domain/events.py",
        "`username`, `actor` and `team` are the names",
        "`email`, `actor` (addresses) and `team` are",
    ),
    *sub("domain/events.py", r"\busername\b", "email"),
    *sub("domain/invitations.py", r"\busername\b", "address"),
    *drop("domain/mails.py", "MailKind.USERNAME_CHANGED"),
    *drop("domain/limits.py", "RENAMES"),
    *swap("domain/passwords.py", "username and email address", "email address"),
    *swap("domain/passwords.py", "username or email address", "email address"),
    *drop("domain/access.py", "UserActor.own_client", "SignedIn.own_client"),
)
APPLICATION = (
    *swap("application/accounts.py", "registration, renaming, export", "registration, export"),
    *drop("application/accounts.py", "Accounts.rename", "Accounts._both_conflicts"),
    *swap("application/accounts.py", "self._both_conflicts(user), "),
    *swap(
        "application/accounts.py",
        "with field_errors:\n            username = acceptable_username(unsafe_username)\n        ",
    ),
    *sub("application/accounts.py", r"unsafe_username(: str)?,\s*"),
    *lines("application/accounts.py", "username=username,"),
    *swap("application/accounts.py", "Invalid, EmailTaken or UsernameTaken", "Invalid or EmailTaken"),
    *drop("application/limits.py", "Limits.rename"),
    *swap("application/administration.py", "a username, of an address", "an address"),
    *swap("application/administration.py", "address or username.", "address."),
    *swap("application/administration.py", 'if "@" in unsafe_name:\n                return', "return"),
    *sub("application/administration.py", r"^            search = user_search\(unsafe_name(.*\n){6}"),
    *swap("application/mails.py", '{"username": user.username, **', "{**"),
    *swap("application/mails.py", '{"username": user.username}', "{}"),
    *swap("application/passwords.py", "[user.username, user.email]", "[user.email]"),
    *everywhere("application/*.py", r"\.username\b", ".email"),
    *everywhere("application/*.py", r"\busername=", "email="),
)
ADAPTERS = (
    *lines("adapters/mail/README.md", "| `USERNAME_CHANGED` |"),
    *everywhere(
        "adapters/mail/templates/layout.*", r"{% if username is defined %} {{ username }}{% endif %}"
    ),
    *swap("adapters/mail/templates/account_deleted.jinja", '("Username", username), '),
    *swap("adapters/memory/tables.py", ', ("username_key",): UsernameTaken'),
    *sub("adapters/memory/teams.py", "current usernames", "current addresses"),
    *everywhere("adapters/memory/*.py", r"\busername\b", "email"),
    *lines("adapters/sql/users.py", 'Column("username', 'UniqueConstraint("username_key"'),
    *drop("adapters/sql/users.py", "BY_USERNAME", "USERNAMES_ONWARD"),
    *swap("adapters/sql/users.py", ', without=("username_key",)'),
    *swap("adapters/sql/users.py", '("username_key", "email_key")', '("email_key",)'),
    *swap("adapters/sql/users.py", "(BY_USERNAME, ", "("),
    *swap("adapters/sql/users.py", "(USERNAMES_ONWARD,), "),
    *lines("adapters/sql/users.py", '("username_key", search.username)'),
    *everywhere("adapters/sql/[eit]*.py", r"\busername\b", "email"),
    *sub("adapters/sql/teams.py", r"\bUSERNAME\b", "EMAIL"),
)
ENTRYPOINTS = (
    *drop("entrypoints/api/accounts.py", "RenameUser", "AccountViews.rename", "Register.username"),
    *swap("entrypoints/api/accounts.py", "body.username, "),
    *sub("entrypoints/api/administration.py", r"\busername\b", "email"),
    *lines("entrypoints/api/examples.py", '"username":'),
    *drop("entrypoints/api/http.py", "Username"),
    *lines("entrypoints/api/routes.py", 'route("PATCH", "/api/user"'),
    *sub("entrypoints/api/teams.py", r"\busername\b", "email"),
    *drop("entrypoints/api/users.py", "UserShape.username"),
    *swap(
        "entrypoints/api/client.ts",
        '.PATCH("/api/user", { body: { username: "ada" } })',
        '.POST("/api/teams", { body: { name: "Analysts" } })',
    ),
    *swap(
        "entrypoints/api/README.md",
        '.PATCH("/api/user", { body: { username: "ada" } })',
        '.POST("/api/teams", { body: { name: "Analysts" } })',
    ),
    *swap("entrypoints/api/README.md", "| username, email, password |", "| email, password |"),
    *lines("entrypoints/api/README.md", "| `PATCH /api/user` |"),
    *swap("entrypoints/api/README.md", "a username, of an address", "an address"),
    *swap("entrypoints/api/README.md", "username and email address", "email address"),
    *lines("entrypoints/cli.py", '@click.option("--username"'),
    *swap("entrypoints/cli.py", "username: str, "),
    *swap("entrypoints/cli.py", "operator(), username, ", "operator(), "),
    *swap("entrypoints/cli.py", "{user.username} <{user.email}>", "{user.email}"),
    *swap("entrypoints/cli.py", "a username, an address", "an address"),
    *swap("entrypoints/cli.py", "{user.username:30}  "),
    *sub("entrypoints/cli.py", r"\b(member|event)\.username\b", r"\1.email"),
    *swap("entrypoints/demo.py", "username_of(name), "),
    *drop("entrypoints/demo.py", "username_of"),
    *swap(
        "entrypoints/demo.py",
        "A user has changed the username, and another one is disabled.",
        "A user is disabled.",
    ),
    *swap(
        "entrypoints/demo.py", "accounts, administration = self.container.accounts(), ", "administration = "
    ),
    *lines("entrypoints/demo.py", "accounts.rename("),
    *sub("entrypoints/deploy/README.md", " --username U`", "`"),
    *swap("entrypoints/deploy/README.md", "a username, of an address", "an address"),
    *swap(f"{PAGES}dev.py", 'USER = {"username": "ada"}', "USER: dict[str, str] = {}"),
    *lines(f"{PAGES}dev.py", "MailKind.USERNAME_CHANGED: "),
    *lines(f"{PAGES}page.py", "username_rules="),
    *swap(f"{PAGES}administration.py", "no user with this name", "no user with this address"),
    *swap(f"{PAGES}static/forms.js", "40903: 'username', "),
    *swap(
        f"{TEMPLATES}admin.html",
        '{{ person.username }}</a> <span class="muted">{{ person.email }}</span>',
        "{{ person.email }}</a>",
    ),
    *swap(f"{TEMPLATES}admin.html", "by username, email address", "by email address"),
    *swap(f"{TEMPLATES}admin.html", "a username, email address", "an email address"),
    *swap(f"{TEMPLATES}admin_events.html", "Username or address", "Email address"),
    *sub(f"{TEMPLATES}admin_user.html", r"{% block lead %}\n.*\n{% endblock %}\n", ""),
    *swap(f"{TEMPLATES}admin_user.html", "?user={{ person.username }}", "?user={{ person.email|urlencode }}"),
    *swap(f"{TEMPLATES}data.html", "your username, email address", "your email address"),
    *sub(f"{TEMPLATES}data.html", r"\busername, email address", "email address"),
    *lines(f"{TEMPLATES}register.html", "{#- Users log in with the email address.", "{{ field('username'"),
    *swap(f"{TEMPLATES}settings.html", "Your name and address on", "Your email address on"),
    *sub(f"{TEMPLATES}settings.html", r"^ *{% call row\('Username'(.*\n)*?.*{% endcall %}\n"),
    *swap(f"{TEMPLATES}start.html", "Hello, {{ user.username }}", "Hello"),
    *everywhere(f"{TEMPLATES}*.html", r"\b(user|person|each|event)\.username\b", r"\1.email"),
    *swap(
        "entrypoints/scaffold/templates/test_browser.py.jinja",
        "{person.username}'s",
        "{person.email.partition('@')[0]}'s",
    ),
    *section("CONTRIBUTING.md", "### Email only"),
    *section("README.md", "## The path of a request"),
    *swap(
        "README.md",
        "their password, their email address and their username",
        "their password and their email address",
    ),
    *swap("README.md", "of a new password, address or username", "of a new password or address"),
    *swap("README.md", "you@example.com --username you", "you@example.com"),
    *swap("SECURITY.md", "of a new password, address or username", "of a new password or address"),
    *lines("SECURITY.md", "| changes of the username |"),
    *swap("migrations/README.md", "(id, username, username_key, email,", "(id, email,"),
    *swap("migrations/README.md", " 'Ada', 'ada', 'Ada@", " 'Ada@"),
    *lines("migrations/README.md", "- `username` has at most"),
    *swap("migrations/README.md", "`email_key` and `username_key` are unique", "`email_key` is unique"),
)
SHIPPED = Shipped(
    title="usernames",
    names=r"(?i)(?<!url\.)(?<!autocomplete=.)(?<!set\()(?<!id, )(?<!username, )username",
    files=(
        "adapters/mail/templates/username_changed.jinja",
        "entrypoints/scaffold/shipped/_usernames_in_tests.py",
        "tests/integration/test_device_migration.py",
    ),
    edits=(*DOMAIN, *APPLICATION, *ADAPTERS, *ENTRYPOINTS, *TESTS),
    upgrade="""op.execute("DELETE FROM events WHERE tag = 'username_changed'")
    op.execute("DELETE FROM mails WHERE kind = 'username_changed'")
    with op.batch_alter_table("users") as users:
        users.drop_constraint("uq_users_username_key", type_="unique")
        users.drop_column("username_key")
        users.drop_column("username")""",
    downgrade="""kinds = {"username": sa.String(30), "username_key": adapters.sql.types.Key(30)}
    for name, kind in kinds.items():
        op.add_column("users", sa.Column(name, kind, nullable=True))
    # The new username: a letter, and the last 29 digits of the id.
    users = sa.table("users", sa.column("id"), *map(sa.column, kinds))
    digits = sa.func.substr(sa.func.replace(sa.cast(users.c.id, sa.String(36)), "-", ""), 4)
    name = sa.literal("u").concat(digits)
    op.execute(users.update().values(username=name, username_key=name))
    with op.batch_alter_table("users") as table:
        for name, kind in kinds.items():
            table.alter_column(name, existing_type=kind, nullable=False)
        table.create_unique_constraint("uq_users_username_key", ["username_key"])""",
)
