"""What `usernames` changes in the tests. They name users by the part of the address before the @.

Where a test changes a username as an example of a change, it creates a team: both are limited to 20 a day.
"""

from entrypoints.scaffold.shipped import drop, everywhere, lines, sub, swap

ALL = "tests/**/*.py"
TEXT = r'f?"[^"]*"'  # a text of one line in Python
NAME = rf"(?:{TEXT}|\w+)"
BODY = rf'{{"username": ({TEXT}|[^}}]+)}}'
ACCOUNTS = "tests/unit/test_accounts.py"
LIFE = "tests/integration/test_account_life.py"
REGISTRATION = "tests/integration/test_accounts.py"
CLI = "tests/integration/test_cli.py"
FORMS = "tests/browser/test_forms.py"
PROFILE = "tests/browser/test_settings.py"
STALE = "tests/browser/test_stale_tabs.py"
BESIDE = "tests/contract/test_side_by_side.py"

UNIT = (
    *swap(
        "tests/unit/test_access.py",
        "(actor.person_id, actor.own_client) == (actor.user.id, CLIENT)",
        "actor.person_id == actor.user.id",
    ),
    *drop(ACCOUNTS, "test_a_username_can_register_once_in_any_case"),
    *drop(ACCOUNTS, "test_a_password_made_of_the_username_is_refused"),
    *drop(ACCOUNTS, "test_the_username_can_be_changed", "test_a_taken_or_reserved_username_is_refused"),
    *drop(ACCOUNTS, "test_a_deleted_user_cannot_be_renamed"),
    *swap(ACCOUNTS, 'username="ada", '),
    *swap(ACCOUNTS, "register(username, ", "register("),
    *swap(ACCOUNTS, '(world, "1", ', "(world, "),
    *swap(ACCOUNTS, '{"username", "email", "password"}', '{"email", "password"}'),
    *sub(ACCOUNTS, r'mail.recipient, mail.facts\["username"\]\)', "mail.recipient)"),
    *sub(ACCOUNTS, r'^(        "ada@example.org",\n)        "ada",\n', r"\1"),
    *sub("tests/unit/test_addresses.py", r'^(        \(".*?", )".*?", ', r"\1"),
    *swap("tests/unit/test_addresses.py", "search, username, ", "search, "),
    *swap("tests/unit/test_addresses.py", "UserSearch(username, ", "UserSearch("),
    *swap("tests/unit/test_addresses.py", ', name="ada"'),
    *sub("tests/unit/test_addresses.py", r'(register\(world, ".*"), ".*"\)', r"\1)"),
    *swap("tests/unit/test_addresses.py", '["one"]', '["user"]'),
    *swap("tests/unit/test_addresses.py", '["two"]', r'["Jos\u00e9"]'),
    *swap("tests/unit/test_administration.py", '"an operator", "boss"', '"an operator", "boss@example.org"'),
    *drop("tests/unit/test_administration.py", "test_a_user_is_found_by_the_whole_username"),
    *swap("tests/unit/test_impersonation.py", '["eve", "eve"]', '["eve@example.org"] * 2'),
    *swap("tests/unit/test_invitations.py", 'ADMIN, "ada"', 'ADMIN, "ada@example.org"'),
    *swap("tests/unit/test_invitations.py", '"Analysts", "ada"', '"Analysts", "ada@example.org"'),
    *sub("tests/unit/test_invitations.py", '^            "ada",$', '            "ada@example.org",'),
    *swap("tests/unit/test_streams.py", '("eve", "", "")', '("eve@example.org", "", "")'),
    *swap("tests/unit/test_templates.py", '"Hello <ada>,"', '"Hello,"'),
    *swap("tests/unit/test_templates.py", '"Hello &lt;ada&gt;,"', '"Hello,"'),
    *drop("tests/unit/test_views.py", "test_the_user_is_renamed"),
    *drop("tests/unit/test_impersonation.py", "test_a_mail_does_not_name_the_device_and_address_of_support"),
    *drop("tests/unit/test_limits.py", "test_a_refused_rename_is_not_counted"),
    *drop("tests/unit/test_limits.py", "test_a_user_is_renamed_twenty_times_a_day"),
    *drop("tests/unit/test_limits.py", "test_a_registration_with_a_taken_username_counts_no_mail"),
    *lines("tests/unit/test_mails.py", "world.accounts.rename("),
    *swap("tests/unit/test_mails.py", '{"username_changed", ', "{"),
    *swap("tests/unit/test_mails.py", '{"username", "token"}', '{"token"}'),
    *swap("tests/unit/test_mails.py", "len(facts) == 4", "len(facts) == 3"),
    *sub("tests/unit/test_passwords.py", "made of your username", "made of your email address"),
    *drop("tests/unit/test_readme.py", "test_the_example_of_an_error_matches_the_code"),
    *drop("tests/unit/test_users.py", "test_a_username_stays_as_it_was_typed"),
    *drop("tests/unit/test_users.py", "test_an_invalid_username_is_refused"),
    *drop("tests/unit/test_users.py", "test_common_administrative_usernames_are_reserved"),
    *drop("tests/unit/test_waiting.py", "test_a_refused_registration_names_the_taken_username_too"),
    *drop("tests/unit/test_waiting.py", "test_a_new_username_is_mailed_to_the_user"),
    *lines("tests/unit/test_waiting.py", '"rename": lambda'),
    *swap("tests/samples.py", '"username": email.partition("@")[0],\n        '),
)
CONTRACT = (
    *swap("tests/contract/test_invitations.py", '(team.name, "ada")', '(team.name, "ada@example.org")'),
    *drop("tests/contract/test_counts.py", "test_a_user_is_counted_by_the_beginning_of_the_username"),
    *swap("tests/contract/test_addresses.py", '["mueller", "User"]', '["Müller", "User"]'),
    *swap("tests/contract/test_addresses.py", '.username == "other"', r'.username == "jos\u00e9"'),
    *swap("tests/contract/test_events.py", '("ada", "eve")', '("ada", "eve@example.org")'),
    *swap(BESIDE, "a username, of an address", "an address"),
    *sub(BESIDE, r'\("(\w)", "\1", "\1"\)', r'("\1", "\1")'),
    *swap(BESIDE, '("ada@", "ada@", "")', '("ada@", "")'),
    *swap(BESIDE, '("@e", "@e", "e")', '("@e", "e")'),
    *swap(BESIDE, r'("\U0010ffff",) * 3', r'("\U0010ffff",) * 2'),
    *swap(BESIDE, "id=ids, name=names, email=emails", "id=ids, email=emails"),
    *swap(BESIDE, "self, id, name, email", "self, id, email"),
    *swap(BESIDE, "def rename(", "def change_the_address("),
    *swap(BESIDE, "user.username, user.email = name, email", "user.email = email"),
    *swap(BESIDE, "event.username", "event.email"),
    *swap("tests/contract/test_teams.py", "with_their_usernames", "with_their_addresses"),
    *drop("tests/contract/test_user_search.py", "test_a_search_finds_the_beginning_of_a_username"),
    *swap(
        "tests/contract/test_user_search.py", "lists_usernames_then_addresses_then", "lists_addresses_then"
    ),
    *swap("tests/contract/test_user_search.py", "user.username_key", "user.email"),
    *sub(
        "tests/contract/test_user_search.py",
        r'\["exa1", .*\]$',
        '["exa@b.org", "exa@exa.org", "exact@b.org", "exalt@b.org", "y@exa.net", "x@exa.org", "z@exa.org"]',
    ),
    *drop("tests/contract/test_users.py", "test_the_taken_address_is_reported_before_the_taken_username"),
    *drop("tests/contract/test_users.py", "test_a_username_belongs_to_one_user_in_any_case"),
    *sub("tests/contract/test_users.py", "uq_users_username_key", "uq_users_email_key"),
)
INTEGRATION = (
    *swap("tests/integration/test_smtp.py", '"Hello ada,"', '"Hello,"'),
    *lines("tests/integration/table.py", "PATCH  /api/user  ", '"PATCH /api/user":'),
    *swap(LIFE, "HTTP: username, events", "HTTP: events"),
    *drop(LIFE, "test_a_new_username_is_stored_and_recorded", "test_one_of_two_racing_renames_wins"),
    *drop(LIFE, "test_the_own_username_in_another_case_is_accepted", "test_a_username_is_taken_in_any_case"),
    *drop(LIFE, "test_an_earlier_username_can_be_registered_again"),
    *drop(LIFE, "test_a_username_that_breaks_the_rules_is_refused"),
    *drop(REGISTRATION, "NO_USERNAMES", "test_a_username_that_breaks_the_rules_is_refused"),
    *drop(REGISTRATION, "test_reserved_usernames_are_refused_in_any_case"),
    *drop(REGISTRATION, "test_a_username_stays_as_it_was_typed", "test_a_username_is_taken_in_any_case"),
    *swap(REGISTRATION, "qwertyuiop ada_lovelace ", "qwertyuiop "),
    *swap("tests/integration/test_administration.py", '"user=ada"', '"user=ada@example.org"'),
    *sub("tests/integration/test_addresses.py", r'\["mueller"\]', '["user"]'),
    *sub("tests/integration/test_addresses.py", r'\["jose"\]', r'["Jos\\u00e9"]'),
    *sub(
        "tests/integration/test_admin_api.py",
        r'^        "grace",\n        "grace",',
        '        "grace@example.org",\n        "grace@example.org",',
    ),
    *everywhere(ALL, r'(, )?"--username", "\w*"'),
    *swap(CLI, 'split()[3] == "person2"', 'split()[3] == "person2@example.org"'),
    *sub(CLI, "Created grace <(.*)>", r"Created \1"),
    *swap(CLI, '"admin", "grace", ', '"admin", '),
    *swap(CLI, '"-", "ada", ', '"-", '),
    *swap(CLI, "username: ada", "email: ada@example.org"),
    *swap(CLI, '["owner", "ada"]', '["owner", "ada@example.org"]'),
    *sub("tests/integration/test_database_refuses.py", '^(ALL = .*"rename": )200', r"\g<1>201"),
    *swap("tests/integration/test_demo.py", '["username"] == "mei"', '["username"] == "mei.tanaka"'),
    *swap("tests/integration/test_emails.py", '("eve", None)', '("countess", None)'),
    *swap("tests/integration/test_impersonation.py", '("eve", "countess")', '("eve", "ada")'),
    *swap("tests/integration/test_invitations.py", '"invited_by": "ada"', '"invited_by": "ada@example.org"'),
    *swap("tests/integration/test_stale_pages.py", "<strong>bob<", "<strong>bob@example.org<"),
    *drop(
        "tests/integration/test_processes.py", "test_one_of_twenty_racing_registrations_of_a_username_wins"
    ),
    *swap(
        "tests/integration/test_rows.py",
        "for number, asker in enumerate(ASKERS[1:])",
        "for asker in ASKERS[1:]",
    ),
    *lines("tests/integration/test_stale_pages.py", '"PATCH /api/user":'),
)
BENCH = (
    *swap("tests/bench/crowd.py", ' | dict.fromkeys(("username", "username_key"), name)'),
    *lines("tests/bench/floor.py", 'sa.Column("username"'),
    *swap("tests/bench/floor.py", '"username": row.username, '),
)
BROWSER = (
    *lines("tests/browser/conftest.py", "username: str"),
    *swap("tests/browser/test_administration.py", '"Username or address"', '"Email address"'),
    *swap("tests/browser/test_administration.py", '"no_such_user"', '"no.such.user@example.com"'),
    *swap("tests/browser/test_administration.py", "user with this name", "user with this address"),
    *swap(
        "tests/browser/test_administration.py",
        "events?user={regular.username}",
        "events?user={regular.email.replace('@', '%40')}",
    ),
    *drop(FORMS, "test_a_taken_username_is_reported_at_its_field"),
    *drop(FORMS, "test_a_form_with_a_value_is_filled_without_a_script"),
    *sub(FORMS, '"Username", "Email address"', '"Email address"'),
    *sub(
        FORMS, r'get_by_label\("Username"\)\)\.to_be_focused', 'get_by_label("Email address")).to_be_focused'
    ),
    *swap(
        "tests/browser/test_invitations.py", "owner_{person.username} invites", "owner.{person.email} invites"
    ),
    *sub("tests/browser/test_mails.py", r'"username": "a" \* 30,\s*'),
    *swap("tests/browser/test_pages.py", "Act as member…", "Act as member@example.com…"),
    *lines("tests/browser/test_rows.py", '("/settings", "Username"'),
    *drop(PROFILE, "test_a_member_changes_the_username", "test_a_taken_username_is_reported_at_its_field"),
    *lines(PROFILE, 'opened_row(page, "Username").get_by_label("New username").fill('),
    *lines(PROFILE, 'page.get_by_role("button", name="Change username")'),
    *lines(PROFILE, 'expect(page.get_by_text("Username changed.'),
    *swap(PROFILE, " and person.username in text"),
    *swap(
        "tests/browser/test_stale_tabs.py",
        "first).to_have_text(other.username)",
        "first).to_contain_text(other.email)",
    ),
    *swap("tests/browser/test_stale_tabs.py", "to_have_value(other.username)", 'to_have_value("")'),
    *swap("tests/browser/test_teams.py", "by boss_{person.username}", "by boss.{person.email}"),
    *swap("tests/browser/test_trip.py", "Search by username, email", "Search by email"),
    *lines("tests/browser/test_trip.py", '("Username", person.username)'),
    *everywhere("tests/browser/*.py", r'^ *page\.get_by_label\("Username"\)\.fill\(.*\)\n'),
    *everywhere("tests/browser/*.py", rf"\bPerson\((?:{TEXT}|regular\.username), ", "Person("),
    *everywhere("tests/browser/*.py", r'f"Hello, {\w+\.username}"', '"Hello"'),
    *everywhere("tests/browser/*.py", r"{(\w+)\.username}'s", r"{\1.email.partition('@')[0]}'s"),
    *everywhere("tests/browser/*.py", r'"Username"', '"Email address"'),
    *everywhere("tests/browser/*.py", r'"(New|Change) username"', r'"\1 email address"'),
    *everywhere("tests/browser/*.py", r"\.username\b", ".email"),
)
# The order counts: a body of a change of the username is found before other bodies.
EVERYWHERE = (
    *everywhere(ALL, "USERNAME_CHANGED", "TEAM_CREATED"),
    *everywhere(ALL, "username_changed", "team_created"),
    *everywhere(ALL, "_of_username_address_or_domain", "_of_address_or_domain"),
    *everywhere("tests/unit/*.py", r"world\.accounts\.rename\(", "world.teams.create("),
    *everywhere(ALL, rf"(register\(\s*(?:world, )?)(?!world\b){NAME}, (?=f?\"[^\"]*@|email)", r"\1"),
    *everywhere(ALL, rf'(\.create\(\s*[\w()]+,\s*){TEXT}, (?="[^"]*@)', r"\1"),
    *everywhere(
        ALL,
        rf'"PATCH", "/api/user", {BODY}(.*(?:\[0\]|\.status) == )200',
        r'"POST", "/api/teams", {"name": \1}\g<2>201',
    ),
    *everywhere(ALL, rf'"PATCH", "/api/user", {BODY}', r'"POST", "/api/teams", {"name": \1}'),
    *everywhere(ALL, rf'\.patch\("/api/user", json={BODY}', r'.post("/api/teams", json={"name": \1}'),
    *everywhere(ALL, rf'"username": (?:{NAME}|user\.username),\s*'),
    *everywhere(ALL, rf'{{"username": {NAME}}}', "{}"),
    *everywhere(ALL, r'"username", "email"', '"email"'),
    *everywhere(ALL, r" \| \{\}"),
    *everywhere(ALL, rf"(?<!set\()\busername={NAME},\s*"),
    *everywhere(ALL, rf"(?:, )?(?<!set\()\busername={NAME}(?=\))"),
    *everywhere("tests/[ciu]*/*.py", r"(?<!url)\.username\b", '.email.partition("@")[0]'),
    *everywhere("tests/[ciu]*/*.py", r'\["username"\]', '["email"].partition("@")[0]'),
    *everywhere(ALL, r'"username"', '"email"'),
)
TESTS = (*UNIT, *CONTRACT, *INTEGRATION, *BROWSER, *BENCH, *EVERYWHERE)
