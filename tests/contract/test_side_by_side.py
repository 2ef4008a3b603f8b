"""Memory and SQL do the same things in the same order and never disagree."""

from uuid import UUID

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from domain.errors import DomainError
from domain.users import Role
from tests.contract.conftest import memory_store
from tests.fakes import NOON
from tests.samples import a_session, a_user

people = st.integers(1, 4).map(lambda number: UUID(int=number))
names = st.sampled_from(["ada", "Ada", "eve", "bob"])
emails = st.sampled_from(["ada@example.org", "eve@example.org", "\u00e9ve@example.org"])
hashes = st.sampled_from(["a" * 64, "b" * 64])


# To shrink what failed takes minutes on a server.
ON_A_SERVER = (Phase.explicit, Phase.generate)


class SideBySide(RuleBasedStateMachine):
    store = None

    def __init__(self):
        super().__init__()
        self.store.empty()
        self.stores = [memory_store(), self.store]

    def both(self, change, commit=True):
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
        assert answers[0] == answers[1]

    @rule(id=people, name=names, email=emails, commit=st.booleans())
    def register(self, id, name, email, commit):
        def change(work):
            if work.users.get(id) is None:
                work.users.add(a_user(email, id=id, username=name))

        self.both(change, commit)

    @rule(id=people, name=names, email=emails)
    def rename(self, id, name, email):
        def change(work):
            user = work.users.get(id)
            if user:
                user.username, user.email = name, email
                work.users.save(user)
                return user

        self.both(change)

    @rule(id=people, version=st.integers(1, 4), email=emails)
    def save_what_was_read_long_ago(self, id, version, email):
        self.both(lambda work: work.users.save(a_user(email, id=id, username=f"u{id.int}", version=version)))

    @rule(id=people, grant=st.booleans())
    def change_roles(self, id, grant):
        self.both(lambda work: (work.users.grant if grant else work.users.revoke)(id, Role.ADMIN))

    @rule(id=people, secret_hash=hashes)
    def log_in(self, id, secret_hash):
        session = a_session(id, secret_hash)

        def change(work):
            work.sessions.end(secret_hash)
            work.sessions.add(session)

        self.both(change)

    @rule(secret_hash=hashes)
    def log_out(self, secret_hash):
        self.both(lambda work: work.sessions.end(secret_hash))

    @invariant()
    def they_agree(self):
        seen = []
        for store in self.stores:
            with store.look() as stored:
                seen.append(
                    (
                        stored.users.page("", None, 10),
                        stored.users.page("EVE", None, 1),
                        stored.users.holders(Role.ADMIN),
                        [stored.sessions.find(secret * 64, NOON) for secret in "ab"],
                    )
                )
        assert seen[0] == seen[1]


def test_memory_and_sql_agree(store):
    if store.kind == "memory":
        pytest.skip("memory agrees with itself")

    class Machine(SideBySide):
        pass

    Machine.store = store
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            phases=Phase if store.kind == "sqlite" else ON_A_SERVER,
        ),
    )
