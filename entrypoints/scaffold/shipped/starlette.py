"""Starlette's binding of the API, and the choice between two. Flask does not serve the stream of events."""

from entrypoints.scaffold.shipped import Shipped, drop, lines, section, swap

SHIPPED = Shipped(
    title="Starlette",
    names=r"(?i:starlette|\basgi\b)|\bENTRYPOINT\b",
    takes=("streams",),
    files=(
        "entrypoints/starlette_app.py",
        "entrypoints/README.md",
        "tests/asgi.py",
        "tests/integration/test_deletion.py",
        "tests/integration/test_starlette.py",
    ),
    edits=(
        *drop("entrypoints/settings.py", "Settings.entrypoint"),
        *drop("entrypoints/serve.py", "MODULES", "OPTIONS", "_try_module"),
        *lines("entrypoints/serve.py", "_try_module("),
        *swap("entrypoints/serve.py", "MODULES[chosen.entrypoint]", '"entrypoints.flask_app.wsgi"'),
        *swap(
            "entrypoints/serve.py",
            "**OPTIONS[chosen.entrypoint],",
            "interface=Interfaces.WSGI,\n        blocking_threads=settings.REQUEST_THREADS,",
        ),
        *drop("entrypoints/worker.py", "raise_again"),
        *drop("entrypoints/api/gate.py", "joined"),
        *lines("pyproject.toml", '"starlette', '"entrypoints.starlette_app",'),
        *swap("pyproject.toml", '"entrypoints.starlette_app", '),
        # The tests.
        *drop("tests/bindings.py", "starlette"),
        *lines("tests/bindings.py", '("starlette", '),
        *swap("tests/integration/test_hostile_input.py", "  # with ASGI, the server refuses it"),
        *swap("tests/integration/test_metrics.py", ', "starlette_app"]', "]"),
        *swap("tests/integration/test_metrics.py", "ENTRYPOINT=binding, "),
        *swap("tests/integration/test_metrics.py", "(url, binding, tmp_path)", "(url, tmp_path)"),
        *lines("tests/integration/test_metrics.py", '@pytest.mark.parametrize("binding", BINDINGS)'),
        *swap("tests/integration/test_raw_http.py", ", ENTRYPOINT=request.param"),
        *swap("tests/integration/test_raw_http.py", ", params=BINDINGS"),
        *swap("tests/integration/test_raw_http.py", ", request: pytest.FixtureRequest)", ")"),
        *swap("tests/integration/test_reports.py", ", ENTRYPOINT=entrypoint"),
        *swap("tests/integration/test_reports.py", "(sink, entrypoint, tmp_path)", "(sink, tmp_path)"),
        *swap("tests/integration/test_slow_readers.py", ", ENTRYPOINT=entrypoint"),
        *swap("tests/integration/test_slow_readers.py", "(tmp_path, entrypoint)", "(tmp_path)"),
        *lines("tests/integration/test_slow_readers.py", '@pytest.mark.parametrize("entrypoint", BINDINGS)'),
        *lines(
            "tests/bench/reads.py",
            'servers.product(url, ENTRYPOINT="starlette")',
            '"on Starlette":',
            '("on Starlette",',
        ),
        # The documentation.
        *lines("tests/unit/test_readme.py", '"entrypoints/README.md",'),
        *swap("Makefile", ", ENTRYPOINT)", ")"),
        *swap(
            ".env.sample", "# flask (the API and the pages) or starlette (the API).\n#ENTRYPOINT=flask\n\n"
        ),
        *lines("entrypoints/deploy/README.md", "| `ENTRYPOINT` |", "Any ASGI server can load"),
        *section("entrypoints/api/README.md", "## Another framework"),
        *lines("README.md", "- Starlette serves the same API.", "| Flask, Starlette, or both |"),
        *lines("CONTRIBUTING.md", "| starlette |"),
    ),
    packages=("starlette",),
)
