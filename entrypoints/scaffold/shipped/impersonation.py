"""Impersonation. Without it, a session belongs to one user for good. Its events are deleted, too."""

from entrypoints.scaffold.shipped import Shipped, drop, lines, sub, swap

PAGES = "entrypoints/flask_app/"

SHIPPED = Shipped(
    title="acting as a user",
    names=r"(?i)impersonat|\bacting\b|acting_|act_as|act-as|\bact as (?!you)|\bActAs\b|NotWhileActing"
    r"|require_self|person_id|own_client",
    files=(
        "domain/impersonation.py",
        "application/impersonation.py",
        "entrypoints/api/impersonation.py",
        f"{PAGES}templates/act_as.html",
        f"{PAGES}templates/acting.html",
        f"{PAGES}static/acting.css",
        "tests/unit/test_impersonation.py",
        "tests/integration/test_impersonation.py",
    ),
    edits=(
        *drop("domain/access.py", "Permission.ACT_AS_USERS", "NotWhileActing", "Actor.person_id"),
        *drop("domain/access.py", "UserActor.person_id", "UserActor.own_client", "SignedIn.person_id"),
        *drop("domain/access.py", "SignedIn.acting", "SignedIn.own_client", "SignedIn.require_self"),
        *swap("domain/access.py", "self.acting or "),
        *drop("domain/events.py", "Tag.ACTING_BEGAN", "Tag.ACTING_ENDED"),
        *swap("domain/events.py", " For support this is the administrator."),
        *drop("domain/sessions.py", "LONGEST_ACTING", "Session.acting_as_id", "Session.acting_until"),
        *drop("domain/sessions.py", "SessionStore.act_as", "SessionStore.end_acting"),
        *lines("domain/sessions.py", "The session of an administrator acts as"),
        *swap("domain/sessions.py", " or the user that it acts as"),
        *swap("domain/sessions.py", ": its own user, or the one that it acts as"),
        *drop("adapters/sql/sessions.py", "ACTING_AS", "ACT_AS", "END_ACTING"),
        *drop("adapters/sql/sessions.py", "SqlSessions.act_as", "SqlSessions.end_acting"),
        *lines("adapters/sql/sessions.py", 'Column("acting_as_id"', 'Column("acting_until"'),
        *swap(
            "adapters/sql/sessions.py",
            'func.coalesce(ACTING_AS, sessions.c.user_id).label("user_id")',
            "sessions.c.user_id",
        ),
        *swap(
            "adapters/sql/sessions.py", "func.coalesce(ACTING_AS, sessions.c.user_id)", "sessions.c.user_id"
        ),
        *drop(
            "adapters/memory/sessions.py", "MemorySessions.act_as", "MemorySessions.end_acting", "_user_id"
        ),
        *swap("adapters/memory/sessions.py", "_user_id(session, now)", "session.user_id"),
        *swap("adapters/memory/tables.py", ', references={"acting_as_id": "users"}'),
        *lines("application/accounts.py", "actor.require_self()"),
        *swap("application/accounts.py", "actor.own_client", "actor.client"),
        *lines("application/administration.py", "if roles != user.roles:", "work.sessions.end_acting("),
        *lines("application/emails.py", "actor.require_self()"),
        *swap("application/events.py", "by.person_id", "by.id"),
        *lines("application/invitations.py", "actor.require_self()"),
        *swap("application/invitations.py", "NotWhileActing, "),
        *lines("application/reauthentication.py", "actor.require_self()"),
        *lines("application/reauthentication.py", "if found[1].id != user.id:", "raise AnotherUser"),
        *swap("application/reauthentication.py", "NotWhileActing, "),
        *lines("application/reauthentication.py", "Raise AnotherUser when the session no longer acts"),
        *swap("application/sessions.py", "actor.person_id", "actor.id"),
        *lines("application/streams.py", "# Support that acts as a user"),
        *swap("application/streams.py", "person_id", "id"),
        *swap("application/streams.py", ", or an administrator no longer acts as the user"),
        *lines("application/teams.py", "actor.require_self()"),
        *lines("application/tokens.py", "actor.require_self()"),
        *swap("application/tokens.py", "NotWhileActing, or "),
        *lines("application/two_factor.py", "actor.require_self()"),
        *swap("application/two_factor.py", "NotWhileActing, "),
        *lines("entrypoints/container.py", "from application.impersonation", "impersonation = "),
        *lines("entrypoints/api/routes.py", "from entrypoints.api.impersonation", "impersonation = "),
        *lines("entrypoints/api/routes.py", 'route("POST", "/api/admin/users/<id>/impersonation"'),
        *lines("entrypoints/api/routes.py", 'route("DELETE", "/api/impersonation"'),
        *lines("entrypoints/api/examples.py", '"reason":'),
        *lines(f"{PAGES}administration.py", "may_act="),
        *lines(f"{PAGES}page.py", '"acting":'),
        *swap(f"{PAGES}two_factor.py", " and not actor.acting"),
        *lines(f"{PAGES}templates/layout.html", "{% if acting %}"),
        *lines(f"{PAGES}templates/admin_user.html", "{% if may_act %}"),
        *swap(f"{PAGES}templates/team.html", " and not acting"),
        *sub(f"{PAGES}templates/two_factor.html", r"^{% if acting %}\n.*\n{% elif ", "{% if "),
        *sub(
            f"{PAGES}templates/tokens.html", r"^( *){% if not acting %}\n((?:.*\n)*?)\1{% endif %}\n", r"\2"
        ),
        *lines("entrypoints/api/README.md", "| `POST /api/admin/users/<id>/impersonation`"),
        *lines("entrypoints/api/README.md", "| `DELETE /api/impersonation`", "| act as users |"),
        *swap(
            "entrypoints/README.md",
            " It does so, too, when the session begins or ends to act as\n  another user.",
        ),
        *swap("README.md", "actor.own_client", "actor.client"),
        *drop("tests/unit/test_access.py", "test_a_user_without_a_session_acts_for_itself"),
        *swap("README.md", " For support, they act\n  as a user. ", "\n  "),
        *drop("tests/contract/test_sessions.py", "test_a_session_acts_as_another_user_until_its_end"),
        *drop("tests/contract/test_sessions.py", "test_a_session_acts_as_its_own_user_again"),
        *drop(
            "tests/contract/test_sessions.py", "test_a_session_that_acts_has_two_users_one_after_the_other"
        ),
        *drop("tests/contract/test_side_by_side.py", "SideBySide.act_as_a_user"),
        *sub("tests/integration/table.py", r"^(    \S+ +\S+(?: +\S+){8}) +\S+$", r"\1"),
        # The last administrator of the site keeps the account.
        *sub("tests/integration/table.py", r"^(    DELETE /api/user  .*)200$", r"\g<1>40904"),
        *lines("tests/integration/table.py", "#   acting ", '"POST /api/admin/users/<id>/impersonation"'),
        *lines("tests/integration/table.py", "POST   /api/admin/users/<id>/impersonation"),
        *lines("tests/integration/table.py", "DELETE /api/impersonation"),
        *swap("tests/integration/test_rows.py", '("site", "acting")', '("site",)'),
        *lines("tests/integration/test_rows.py", "admin, _ = container.sessions()"),
        *lines("tests/integration/test_rows.py", "container.impersonation().begin("),
        *drop("tests/unit/test_invitations.py", "test_an_administrator_that_acts_as_the_user_does_not_join"),
        *drop("tests/unit/test_streams.py", "test_a_stream_ends_when_its_session_acts_as_another_user"),
        *drop("tests/unit/test_tokens.py", "test_support_creates_and_revokes_no_token"),
        *swap(
            "tests/unit/test_tokens.py",
            ", actor.person_id) == (ada.user, ada.id, ada.id)",
            ") == (ada.user, ada.id)",
        ),
        *drop("tests/unit/test_two_factor.py", "test_support_changes_no_factor_and_gives_no_proof"),
        *drop("tests/browser/test_teams.py", "test_support_acts_as_a_user_and_comes_back"),
        *lines("tests/browser/test_pages.py", 'Case("act as a user"'),
    ),
    upgrade="""op.execute("DELETE FROM events WHERE tag IN ('acting_began', 'acting_ended')")
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_constraint("fk_sessions_acting_as_id_users", type_="foreignkey")
    op.drop_index("ix_sessions_acting_as_id", "sessions")
    for name in ("acting_until", "acting_as_id"):
        op.drop_column("sessions", name)""",
    downgrade="""with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("acting_as_id", adapters.sql.types.Id(), nullable=True))
        sessions.add_column(sa.Column("acting_until", adapters.sql.types.Utc(), nullable=True))
    op.create_index("ix_sessions_acting_as_id", "sessions", ["acting_as_id"])
    with op.batch_alter_table("sessions") as sessions:
        sessions.create_foreign_key(
            "fk_sessions_acting_as_id_users", "users", ["acting_as_id"], ["id"], ondelete="SET NULL"
        )""",
)
