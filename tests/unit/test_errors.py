"""The catalogue of errors, and what each entrypoint makes of it."""

import importlib
import pkgutil

import pytest

import domain
from domain import errors
from entrypoints.cli import EXIT
from entrypoints.problems import STATUS, problem_of


def concrete(kind: type = errors.DomainError) -> set[type]:
    for module in pkgutil.iter_modules(domain.__path__):
        importlib.import_module(f"domain.{module.name}")
    below = set().union(*(concrete(child) for child in kind.__subclasses__()))
    return below | ({kind} if hasattr(kind, "message") else set())


# Errors share a code, and a set has another order in each process: `pytest -n 2` refuses such tests.
CATALOGUE = sorted(concrete(), key=lambda error: (error.code, error.__name__))


def test_every_code_stands_for_one_error_and_its_special_cases():
    codes = [error.code for error in CATALOGUE if "code" in vars(error)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("error", CATALOGUE, ids=lambda error: error.__name__)
def test_every_error_has_a_status_an_exit_code_and_a_sentence(error):
    status = next(STATUS[family] for family in error.__mro__ if family in STATUS)
    assert error.code // 100 == status
    assert any(family in EXIT for family in error.__mro__)
    assert error.message.endswith(".")


def test_exit_codes_differ():
    assert len(set(EXIT.values())) == len(EXIT)


@pytest.mark.parametrize("error", [errors.Unavailable(7), errors.TooManyAttempts(7)])
def test_an_error_with_a_wait_names_the_seconds(error):
    assert problem_of(error).headers == {"Retry-After": "7"}


def test_an_unknown_error_is_a_500_without_details():
    problem = problem_of(KeyError("the password"))
    assert (problem.status, problem.code) == (500, 50001)
    assert "password" not in problem.message
