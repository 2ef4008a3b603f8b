"""Invitations. Teams keep members, roles and pages. Your own code adds a member: `TeamStore.add_member`."""

from entrypoints.scaffold.shipped import Shipped, drop, lines, sub, swap

PAGES = "entrypoints/flask_app/"
LAST_OF_A_LIST = r",([\w ]+) and invitations\b"

SHIPPED = Shipped(
    title="invitations to teams",
    names=r"(?i)invit",
    files=(
        "domain/invitations.py",
        "application/invitations.py",
        "adapters/sql/invitations.py",
        "adapters/memory/invitations.py",
        "adapters/mail/templates/invitation.jinja",
        "entrypoints/api/invitations.py",
        f"{PAGES}invitations.py",
        f"{PAGES}templates/invitation.html",
        f"{PAGES}templates/invitations.html",
        f"{PAGES}templates/invite.html",
        "tests/unit/test_invitations.py",
        "tests/contract/test_invitations.py",
        "tests/integration/test_invitations.py",
        "tests/browser/test_invitations.py",
    ),
    edits=(
        *drop("domain/access.py", "TeamPermission.INVITE"),
        *drop("domain/events.py", "Tag.INVITED", "Tag.INVITATION_REVOKED"),
        *drop("domain/limits.py", "INVITATIONS"),
        *drop("domain/links.py", "Purpose.INVITATION"),
        *drop("domain/mails.py", "MailKind.INVITATION"),
        *drop("domain/teams.py", "FirstSteps.invited"),
        *swap("domain/teams.py", " and self.invited"),
        *swap("domain/users.py", " invitation ", " "),
        *lines("application/administration.py", "work.invitations.drop_by("),
        *drop("application/limits.py", "Limits.invitation"),
        *drop("application/mails.py", "Mails.write_to_address"),
        *lines("application/ports.py", "from domain.invitations", "invitations: "),
        *drop("application/teams.py", "Teams._invited"),
        *swap("application/teams.py", "\n\n        A second team counts as an invitation.\n        "),
        *swap("application/teams.py", ", len(teams) != 1 or self._invited(teams[0][0])"),
        *lines("application/teams.py", "work.invitations.drop_by("),
        *lines("adapters/mail/README.md", "| `INVITATION` |"),
        *lines("adapters/memory/tables.py", '"invitations": '),
        *lines("adapters/memory/unit_of_work.py", "from adapters.memory.invitations", "self.invitations = "),
        *lines("adapters/sql/unit_of_work.py", "from adapters.sql.invitations", "self.invitations = "),
        *lines("entrypoints/container.py", "from application.invitations", "invitations = "),
        *lines("entrypoints/settings.py", "invitation_ttl: ", "Purpose.INVITATION: "),
        *lines(".env.sample", "#INVITATION_TTL="),
        *swap("entrypoints/cli.py", "Sessions, links and invitations of", "Sessions and links of"),
        *lines("entrypoints/api/examples.py", '"email_key": ', '"invited_by": '),
        *lines("entrypoints/api/routes.py", "from entrypoints.api.invitations", "invitations = "),
        *lines("entrypoints/api/routes.py", 'route("GET", "/api/teams/<id>/invitations"'),
        *lines("entrypoints/api/routes.py", 'route("POST", "/api/teams/<id>/invitations'),
        *lines("entrypoints/api/routes.py", 'route("DELETE", "/api/teams/<id>/invitations/'),
        *lines("entrypoints/api/routes.py", 'route("POST", "/api/invitations/'),
        *lines("entrypoints/api/README.md", "| `GET /api/teams/<id>/invitations`"),
        *lines("entrypoints/api/README.md", "| `POST /api/teams/<id>/invitations"),
        *lines("entrypoints/api/README.md", "| `DELETE /api/teams/<id>/invitations/"),
        *lines("entrypoints/api/README.md", "| `POST /api/invitations/", "| `GET /invitation`", "| invite |"),
        *sub("entrypoints/api/README.md", LAST_OF_A_LIST, r" and\1"),
        *sub("entrypoints/api/README.md", "(download with the keys .*), invitations", r"\1"),
        *lines("entrypoints/deploy/README.md", "| `INVITATION_TTL` |"),
        *sub("entrypoints/deploy/README.md", LAST_OF_A_LIST, r" and\1"),
        *drop("entrypoints/demo.py", "INVITED", "Demo.invite"),
        *lines("entrypoints/demo.py", "for number, name in enumerate(INVITED)"),
        *lines("entrypoints/demo.py", "plan.append((0.5 - number / 20", 'token = "" if founds'),
        *swap("entrypoints/demo.py", "if token:", "if not founds:"),
        *swap(
            "entrypoints/demo.py",
            "self.container.invitations().accept(actor, token)",
            "self.add(number, actor)",
        ),
        *swap(
            "entrypoints/demo.py",
            "    def visit(",
            '''    def add(self, number: int, actor: SignedIn) -> None:
        """Make the user a member of a team. A use case of your own can do this."""
        role = TeamRole.ADMIN if number // len(TEAMS) == 1 else TeamRole.MEMBER
        place = self.teams[number % len(TEAMS)]
        with self.container.transaction()() as work:
            work.teams.add_member(
                Membership(team_id=place, user_id=actor.id, role=role, joined_at=self.moment)
            )
            work.commit()

    def visit(''',
        ),
        *swap(
            "entrypoints/demo.py",
            "from domain.tokens",
            "from domain.teams import Membership\nfrom domain.tokens",
        ),
        *lines(f"{PAGES}dev.py", "MailKind.INVITATION: "),
        *lines(f"{PAGES}routes.py", "from entrypoints.flask_app.invitations", 'page("GET", "/invitation"'),
        *lines(
            f"{PAGES}teams.py", "from application.invitations", "invitations: ", "invites = ", "invitations="
        ),
        *lines(f"{PAGES}templates/members.html", "{% if member.may('invite') %}"),
        *lines(f"{PAGES}templates/register.html", "data-carries="),
        *lines(f"{PAGES}templates/start.html", "(steps.invited,"),
        *swap(
            f"{PAGES}templates/team.html",
            "To come back, you need a new invitation.",
            "You lose access at once.",
        ),
        *swap(f"{PAGES}templates/teams.html", ", or ask for an invitation"),
        *sub(f"{PAGES}templates/admin_user.html", LAST_OF_A_LIST, r" and\1"),
        *swap("README.md", " They invite others by mail."),
        *lines("SECURITY.md", "| invitation |", "| invitations |"),
        *drop("tests/samples.py", "an_invitation"),
        *lines("tests/unit/test_mails.py", '"invitations": '),
        *drop("tests/unit/test_teams.py", "test_an_invitation_is_a_first_step"),
        *drop("tests/unit/test_teams.py", "test_a_member_or_a_second_team_counts_as_an_invitation"),
        *lines("tests/unit/test_templates.py", "MailKind.INVITATION: "),
        *drop("tests/unit/test_templates.py", "test_the_name_of_a_team_is_text_on_one_line_and_no_link"),
        *lines("tests/unit/test_two_factor.py", "lambda: world.invitations."),
        *lines("tests/integration/table.py", "GET    /api/teams/<id>/invitations"),
        *lines("tests/integration/table.py", "POST   /api/teams/<id>/invitations"),
        *lines("tests/integration/table.py", "DELETE /api/teams/<id>/invitations/"),
        *lines("tests/integration/table.py", "POST   /api/invitations/", "GET    /invitation "),
        *lines("tests/integration/table.py", '"POST /api/teams/<id>/invitations"', '"POST /api/invitations/'),
        *lines("tests/integration/table.py", '"/api/teams/<id>/invitations/": '),
        *swap("tests/integration/test_delivery.py", '"invitations", '),
        *swap("tests/integration/test_demo.py", "_events_and_invitations(", "_and_events("),
        *lines(
            "tests/integration/test_demo.py",
            "from adapters.sql.invitations",
            "assert count(filled, invitations)",
        ),
        *swap("tests/integration/test_demo.py", " INVITED,"),
        *swap("tests/integration/test_statements.py", 'of_flask("/", 4)', 'of_flask("/", 2)'),
        *lines("tests/integration/test_openapi.py", "invitation = ", '"/api/teams/<id>/invitations/": '),
        *lines("tests/integration/test_rows.py", "from domain.invitations", "invitation: ", "invitation = "),
        *sub("tests/integration/test_rows.py", r"\bMade\(actors, team, invitation", "Made(actors, team"),
        *swap("tests/integration/test_rows.py", " or mail.kind is MailKind.INVITATION"),
        *sub("tests/browser/test_mails.py", r'"inviter": "g" \* 30,\s*'),
        *lines("tests/browser/test_pages.py", 'Case("invitation', 'Case("dead invitation'),
        *swap("tests/browser/test_teams.py", "Teams, invitations and", "Teams and"),
        *drop("tests/browser/test_teams.py", "invite", "test_an_owner_changes_a_role_and_removes_a_member"),
        *drop("tests/browser/test_teams.py", "test_an_invitation_is_sent_again_and_revoked"),
        *drop("tests/browser/test_two_factor.py", "test_an_invitation_is_kept_over_the_code"),
    ),
    upgrade="""op.execute("DELETE FROM events WHERE tag IN ('invited', 'invitation_revoked')")
    op.execute("DELETE FROM mails WHERE kind = 'invitation'")
    op.drop_table("invitations")""",
    downgrade="""op.create_table(
        "invitations",
        sa.Column("id", adapters.sql.types.Id(), nullable=False),
        sa.Column("team_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", adapters.sql.types.Key(254), nullable=False),
        sa.Column("role", sa.String(30), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("invited_by_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("created_at", adapters.sql.types.Utc(), nullable=False),
        sa.Column("expires_at", adapters.sql.types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_invitations_team_id_teams"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"],
            ["users.id"],
            name=op.f("fk_invitations_invited_by_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sa.UniqueConstraint("team_id", "email_key", name=op.f("uq_invitations_team_id_email_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    for name in ("email_key", "invited_by_id", "expires_at"):
        op.create_index(op.f(f"ix_invitations_{name}"), "invitations", [name])""",
)
