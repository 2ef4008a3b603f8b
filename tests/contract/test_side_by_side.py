"""Memory and SQL get the same random calls in the same order. Their answers are equal."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from application.ports import Reading, stores
from domain.access import TeamRole
from domain.errors import Conflict, DomainError
from domain.events import EventFilter, Tag
from domain.links import Purpose
from domain.mails import KEEP_DELIVERED, MailKind
from domain.teams import Membership
from domain.users import Role, UserSearch
from tests.contract.conftest import memory_store
from tests.fakes import NOON
from tests.samples import (
    a_device,
    a_factor,
    a_link,
    a_mail,
    a_pending_login,
    a_session,
    a_team,
    a_token,
    a_user,
    an_event,
)

LATER = NOON + timedelta(days=1)

# Few values: most rows that are added have a taken value, or lack their parent.
IDS = [UUID(int=number) for number in (1, 2, 3)]
ids = st.sampled_from(IDS)
names = st.sampled_from(["ada", "Ada", "eve", "bob"])
emails = st.sampled_from(["ada@example.org", "eve@example.org", "\u00e9ve@example.org"])
hashes = st.sampled_from(["a" * 64, "b" * 64])
moments = st.sampled_from([NOON, LATER])
purposes = st.sampled_from(Purpose)
tags = st.sampled_from([Tag.LOGGED_IN, Tag.LOGIN_FAILED])
# The beginnings of a username, of an address and of its domain.
TERMS = [("a", "a", "a"), ("e", "e", "e"), ("ada@", "ada@", ""), ("@e", "@e", "e"), ("\U0010ffff",) * 3]


def populate(work):
    """Two users with a team of one and a team of both. The third user and the third team are missing."""
    for id, email in zip(IDS[:2], ["ada@example.org", "eve@example.org"], strict=True):
        work.users.add(a_user(email, id=id))
        work.teams.add(a_team(id=id, personal=id == IDS[0]))
    for team_id, user_id in ((IDS[0], IDS[0]), (IDS[1], IDS[0]), (IDS[1], IDS[1])):
        work.teams.add_member(a_member(team_id, user_id))
    work.sessions.add(a_session(IDS[0], "a" * 64, id=IDS[0]))


def a_member(team_id, user_id):
    return Membership(team_id=team_id, user_id=user_id, role=TeamRole.OWNER, joined_at=NOON)


class SideBySide(RuleBasedStateMachine):
    store = None

    def __init__(self):
        super().__init__()
        self.store.empty()
        self.stores = [memory_store(), self.store]
        self.both(populate)

    def answers(self, change, commit=True):
        answers = []
        for store in self.stores:
            try:
                with store.transaction() as work:
                    answer = change(work)
                    if commit:
                        work.commit()
            except DomainError as error:
                answer = type(error)
            answers.append(answer)
        return answers

    def both(self, change, commit=True):
        answers = self.answers(change, commit)
        assert answers[0] == answers[1]

    @rule(id=ids, name=names, email=emails, commit=st.booleans())
    def add_a_user(self, id, name, email, commit):
        with self.stores[0].look() as stored:
            taken = stored.users.get(id)
        memory, sql = self.answers(lambda work: work.users.add(a_user(email, id=id, username=name)), commit)
        # Where the id and another value are taken, each database reports the rule that it checks first.
        assert memory == sql or (taken and issubclass(memory, Conflict) and issubclass(sql, Conflict))

    @rule(id=ids, name=names, email=emails)
    def rename(self, id, name, email):
        def change(work):
            user = work.users.get(id)
            if user:
                user.username, user.email = name, email
                work.users.save(user)
                return user

        self.both(change)

    @rule(id=ids, moment=st.none() | moments)
    def disable_a_user(self, id, moment):
        def change(work):
            holders, user = work.users.holders(Role.ADMIN), work.users.lock(id)
            if user:
                user.disabled_at = moment
                work.users.save(user)
            return holders, user

        self.both(change)

    @rule(id=ids, version=st.integers(1, 3), email=emails)
    def save_a_user_read_long_ago(self, id, version, email):
        self.both(lambda work: work.users.save(a_user(email, id=id, username=f"u{id.int}", version=version)))

    @rule(id=ids, grant=st.booleans())
    def change_roles(self, id, grant):
        self.both(lambda work: (work.users.grant if grant else work.users.revoke)(id, Role.ADMIN))

    @rule(id=ids)
    def forget_a_user_alone(self, id):
        """Sessions, roles and memberships go with the user, teams and links stay."""
        self.both(lambda work: work.users.forget(id))

    @rule(user_id=ids, word=st.sampled_from([*Reading.__annotations__, "all of them"]))
    def forget(self, user_id, word):
        def change(work):
            for name, store in reversed(stores(work).items()):
                if word in (name, "all of them"):
                    store.forget(user_id)

        self.both(change)

    @rule(id=ids, user_id=ids, secret_hash=hashes, expires_at=moments)
    def add_a_session(self, id, user_id, secret_hash, expires_at):
        self.both(
            lambda work: work.sessions.add(a_session(user_id, secret_hash, id=id, expires_at=expires_at))
        )

    @rule(secret_hash=hashes, seen_at=moments)
    def touch_a_session(self, secret_hash, seen_at):
        session = a_session(IDS[0], secret_hash, last_seen_at=seen_at, expires_at=LATER, ip="192.0.2.9")
        self.both(lambda work: work.sessions.touch(session))

    @rule(id=ids, user_id=ids, secret_hash=hashes, how=st.sampled_from(["end", "end_of", "end_others"]))
    def end_sessions(self, id, user_id, secret_hash, how):
        arguments = [secret_hash] if how == "end" else [user_id, id]
        self.both(lambda work: getattr(work.sessions, how)(*arguments))

    @rule(id=ids, user_id=st.none() | ids, ends=st.booleans())
    def act_as_a_user(self, id, user_id, ends):
        def change(work):
            if ends and user_id:
                work.sessions.end_acting(user_id)
            else:
                work.sessions.act_as(id, user_id, user_id and LATER)
            return [work.sessions.find(secret_hash * 64, NOON) for secret_hash in "ab"]

        self.both(change)

    @rule(user_id=ids, kept=st.integers(0, 1))
    def end_the_oldest_sessions(self, user_id, kept):
        self.both(lambda work: work.sessions.end_oldest(user_id, kept, 1))

    @rule(id=ids, personal=st.booleans())
    def add_a_team(self, id, personal):
        self.both(lambda work: work.teams.add(a_team(id=id, personal=personal)))

    @rule(id=ids, version=st.integers(1, 3), name=names)
    def save_a_team(self, id, version, name):
        def change(work):
            team = a_team(name, id=id, version=version)
            work.teams.save(team)
            return team

        self.both(change)

    @rule(team_id=ids, user_id=ids)
    def add_a_member(self, team_id, user_id):
        self.both(lambda work: work.teams.add_member(a_member(team_id, user_id)))

    @rule(team_id=ids, user_id=ids, role=st.sampled_from(TeamRole))
    def change_a_member(self, team_id, user_id, role):
        self.both(lambda work: work.teams.change_role(team_id, user_id, role))
        self.both(lambda work: work.teams.owners(team_id))

    @rule(team_id=ids, user_id=ids)
    def remove_a_member(self, team_id, user_id):
        self.both(lambda work: work.teams.remove_member(team_id, user_id))

    @rule(id=ids)
    def delete_a_team(self, id):
        self.both(lambda work: work.teams.delete(id))

    @rule(id=ids, user_id=st.none() | ids, tag=tags, actor_id=st.none() | ids, team_id=st.none() | ids)
    def add_an_event(self, id, user_id, tag, actor_id, team_id):
        event = an_event(user_id, tag, id=id, actor_id=actor_id, team_id=team_id)
        self.both(lambda work: work.events.add(event))

    @rule(user_id=st.none() | ids, team_id=st.none() | ids, tag=st.none() | tags, after=st.none() | ids)
    def find_events(self, user_id, team_id, tag, after):
        asked = EventFilter(user_id=user_id, team_id=team_id, tag=tag)

        def named(work):
            page = work.events.page(asked, after, 2)
            return [(event, event.username, event.actor, event.team) for event in page.items], page.next

        self.both(named)

    @rule(term=st.sampled_from(TERMS), after=st.none() | ids, limit=st.integers(1, 3))
    def search_for_users(self, term, after, limit):
        self.both(lambda work: work.users.page(UserSearch(*term), after, limit))

    @rule(user_id=ids, limit=st.integers(1, 2))
    def forget_some_events(self, user_id, limit):
        self.both(lambda work: work.events.forget_some(user_id, limit))

    @rule(user_id=ids, name=names)
    def add_a_device(self, user_id, name):
        self.both(lambda work: work.devices.add(a_device(user_id, name)))

    @rule(id=ids, user_id=ids, token_hash=hashes, expires_at=st.none() | moments)
    def add_a_token(self, id, user_id, token_hash, expires_at):
        token = a_token(user_id, token_hash, id=id, expires_at=expires_at)
        self.both(lambda work: work.tokens.add(token))

    @rule(id=ids, user_id=ids, use=st.booleans())
    def use_or_revoke_a_token(self, id, user_id, use):
        self.both(lambda work: work.tokens.touch(id, LATER) if use else work.tokens.revoke(user_id, id))

    @rule(id=ids, user_id=ids, secret_hash=hashes, expires_at=moments)
    def add_a_login(self, id, user_id, secret_hash, expires_at):
        login = a_pending_login(user_id, secret_hash, id=id, expires_at=expires_at, wrong_codes=8)
        self.both(lambda work: work.logins.add(login))

    @rule(id=ids, secret_hash=hashes, end=st.booleans())
    def end_a_login_or_count_a_wrong_code(self, id, secret_hash, end):
        self.both(
            lambda work: work.logins.end(secret_hash, NOON) if end else work.logins.count_wrong_code(id)
        )

    @rule(user_id=ids, confirmed=st.booleans(), codes=st.lists(hashes, unique=True))
    def add_a_factor(self, user_id, confirmed, codes):
        def change(work):
            work.two_factor.add(a_factor(user_id, confirmed_at=NOON if confirmed else None))
            work.two_factor.set_recovery_codes(user_id, codes)

        self.both(change)

    @rule(user_id=ids, step=st.integers(0, 2), code_hash=hashes)
    def use_codes(self, user_id, step, code_hash):
        self.both(lambda work: work.two_factor.use_step(user_id, step))
        self.both(lambda work: work.two_factor.use_recovery_code(user_id, code_hash))

    @rule(team_id=ids, needed=st.booleans())
    def need_a_factor_in_a_team(self, team_id, needed):
        def change(work):
            team = work.teams.lock(team_id)
            if team:
                team.needs_two_factor = needed
                work.teams.save(team)

        self.both(change)

    @rule(id=ids, user_id=ids, purpose=purposes, token_hash=hashes, expires_at=moments)
    def add_a_link(self, id, user_id, purpose, token_hash, expires_at):
        link = a_link(user_id, id=id, purpose=purpose, token_hash=token_hash, expires_at=expires_at)
        self.both(lambda work: work.links.add(link))

    @rule(purpose=purposes, token_hash=hashes, now=st.sampled_from([NOON - timedelta(hours=1), NOON]))
    def consume_a_link(self, purpose, token_hash, now):
        self.both(lambda work: work.links.consume(purpose, token_hash, now))

    @rule(user_id=ids, purpose=purposes)
    def drop_a_link(self, user_id, purpose):
        self.both(lambda work: work.links.drop(user_id, purpose))

    @rule(id=ids, user_id=st.none() | ids, due=st.none() | moments)
    def add_a_mail(self, id, user_id, due):
        self.both(lambda work: work.mails.add(a_mail(id=id, user_id=user_id, next_try_at=due)))

    @rule(user_id=ids, kinds=st.sets(st.sampled_from([MailKind.VERIFY_EMAIL, MailKind.RESET_PASSWORD])))
    def drop_waiting_mails(self, user_id, kinds):
        self.both(lambda work: work.mails.drop_waiting(user_id, kinds))

    @rule(now=moments, limit=st.integers(1, 3))
    def claim_mails(self, now, limit):
        self.both(lambda work: work.mails.claim(now, LATER, limit))

    @rule(id=ids, outcome=st.sampled_from(["delivered", "failed", "parked"]))
    def save_a_mail(self, id, outcome):
        def change(work):
            mail = next((mail for mail in work.mails.undelivered(None, 9).items if mail.id == id), None)
            mail = mail or a_mail(id=id)
            if outcome == "delivered":
                mail.delivered(NOON)
            else:
                mail.failed(NOON if outcome == "failed" else LATER, "451")
            work.mails.save(mail)

        self.both(change)

    @rule(word=st.sampled_from(["sessions", "links", "mails", "tokens", "logins"]), now=moments)
    def purge(self, word, now):
        if word == "mails":
            now += KEEP_DELIVERED
        self.both(lambda work: stores(work)[word].purge(now, 9))

    @invariant()
    def they_agree(self):
        memory, sql = map(self.seen, self.stores)
        assert memory == sql

    def seen(self, store):
        with store.look() as stored:
            return [
                stored.users.page(None, None, 10),
                stored.users.holders(Role.ADMIN),
                [stored.sessions.find(secret * 64, NOON) for secret in "ab"],
                [stored.sessions.of(id, NOON, None, 1) for id in IDS],
                [stored.devices.of(id) for id in IDS],
                [stored.tokens.find(token * 64, NOON) for token in "ab"],
                [stored.tokens.count(id, NOON) for id in IDS],
                [stored.logins.find(secret * 64, NOON) for secret in "ab"],
                [stored.two_factor.get(id) for id in IDS],
                [[member.barred for _, member in stored.teams.of(id)] for id in IDS],
                [stored.teams.get(id) for id in IDS],
                [stored.teams.of(id) for id in IDS],
                [stored.events.about(id, None, 2) for id in IDS],
                [stored.links.find(purpose, token * 64, NOON) for purpose in Purpose for token in "ab"],
                stored.mails.undelivered(None, 2),
                stored.mails.backlog(),
            ]

    def teardown(self):
        """The exports are compared at the end only: each takes many statements."""
        memory, sql = map(self.exports, self.stores)
        assert memory == sql

    def exports(self, store):
        with store.look() as stored:
            return [
                (word, id, rows.exported(id, None)) for word, rows in stores(stored).items() for id in IDS
            ]


def test_memory_and_sql_agree(store):
    if store.kind == "memory":
        pytest.skip("memory agrees with itself")

    class Machine(SideBySide):
        pass

    Machine.store = store
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20 if store.kind == "sqlite" else 8,
            stateful_step_count=40,
            # Shrinking what failed takes five minutes on SQLite: add Phase.shrink when you need it.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )
