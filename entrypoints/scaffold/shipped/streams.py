"""The stream of events, and the page of sessions that follows it."""

from entrypoints.scaffold.shipped import Shipped, drop, lines, section, swap

SHIPPED = Shipped(
    title="the stream of events",
    names=r"(?i:event.?stream|events/stream|stream of)|\b[Ss]treams\b|\b(Open)?Stream(Route|Views)?\b",
    files=(
        "application/streams.py",
        "entrypoints/api/streams.py",
        "entrypoints/flask_app/static/sessions.js",
        "tests/bench/streams.py",
        "tests/browser/test_streams.py",
        "tests/integration/test_streams.py",
        "tests/unit/test_streams.py",
    ),
    edits=(
        # What only the stream asks of the stores.
        *drop("domain/events.py", "EventStore.following"),
        *drop("domain/sessions.py", "SessionStore.users"),
        *drop("adapters/memory/events.py", "MemoryEvents.following"),
        *drop("adapters/memory/sessions.py", "MemorySessions.users"),
        *drop("adapters/sql/events.py", "FOLLOWING", "SqlEvents.following"),
        *drop("adapters/sql/sessions.py", "USERS_OF", "SqlSessions.users"),
        *drop(
            "tests/contract/test_events.py",
            "test_the_events_that_follow_are_those_of_the_users_oldest_first",
            "test_the_events_that_follow_have_names",
        ),
        *drop("tests/contract/test_sessions.py", "test_the_users_of_sessions_are_those_that_have_not_ended"),
        *drop(
            "tests/contract/test_sessions.py", "test_a_session_that_acts_has_two_users_one_after_the_other"
        ),
        *drop("tests/integration/test_volume.py", "test_a_poll_of_the_streams_reads_by_an_index"),
        # The rows, and the binding that serves them.
        *lines(
            "entrypoints/container.py", "from application.streams import", "streams = providers.Singleton("
        ),
        *lines("entrypoints/api/routes.py", "from entrypoints.api.streams import"),
        *drop("entrypoints/api/routes.py", "streams"),
        *swap("entrypoints/starlette_app.py", "import routes, streams", "import routes"),
        *lines(
            "entrypoints/starlette_app.py",
            "from entrypoints.api.streams import",
            "self.streams = OpenStreams(",
            "bound += [Route(_path(row.url), partial(self._stream,",
        ),
        *swap("entrypoints/starlette_app.py", ', "end": lambda: None'),
        *swap("entrypoints/starlette_app.py", "        finally:\n            request.state.end()\n"),
        *swap("entrypoints/starlette_app.py", "obey(_stop)", "obey(raise_again)"),
        *drop("entrypoints/starlette_app.py", "StarletteApp._stream", "_stop"),
        # The page of sessions, the only one to which a script adds elements.
        *drop("entrypoints/settings.py", "Settings.event_stream"),
        *lines("entrypoints/flask_app/page.py", "event_stream="),
        *swap(
            "entrypoints/flask_app/templates/sessions.html",
            "{% block head %}\n{{ super() }}\n"
            "{% if event_stream %}"
            '<script type="module" src="{{ asset(\'sessions.js\') }}"></script>{% endif %}\n'
            "{% endblock %}\n",
        ),
        *swap("entrypoints/flask_app/templates/sessions.html", ' data-id="{{ session.id }}"'),
        *swap(
            "entrypoints/flask_app/static/forms.js",
            "// An element that another script adds to the page, or a form in it.\n"
            "document.addEventListener('added', ({ target }) => {\n"
            "  for (const form of document.querySelectorAll('form[data-json]'))"
            " if (target.contains(form)) prepare(form);\n"
            "});\n",
        ),
        *swap(
            "entrypoints/flask_app/static/times.js",
            "// An element that another script adds to the page."
            " Its ages were counted now, and not when the page was loaded.\n"
            "document.addEventListener('added', ({ target }) => {\n"
            "  for (const time of target.querySelectorAll('time[data-age]'))"
            " time.dataset.age -= (Date.now() - loaded) / 1000;\n"
            "  show(target);\n"
            "});\n",
        ),
        # nginx, and its test.
        *swap(
            "entrypoints/deploy/nginx.conf",
            "# Starlette beside Flask, for the stream of events (entrypoints/README.md):"
            " remove the # of these lines and of the\n"
            "# location below.\n"
            "#upstream hexstart_streams {\n"
            "#    server 127.0.0.1:8001;\n"
            "#}\n\n",
        ),
        *swap(
            "entrypoints/deploy/nginx.conf",
            "    #location = /api/events/stream {\n"
            "    #    proxy_pass http://hexstart_streams;\n"
            "    #    proxy_buffering off;\n"
            "    #    error_page 429 @refused;\n"
            "    #    error_page 502 504 =503 @refused;\n"
            "    #}\n\n",
        ),
        *swap("tests/integration/test_nginx.py", ", streams: int = 0"),
        *lines("tests/integration/test_nginx.py", '"""With `streams`, the port of Starlette'),
        *swap(
            "tests/integration/test_nginx.py",
            "    if streams:\n"
            '        text = re.sub(r"(?m)^( *)#(?=upstream|location|    |})", r"\\1", text)\n'
            '        text = text.replace("127.0.0.1:8001", f"127.0.0.1:{streams}")\n',
        ),
        *drop("tests/integration/test_nginx.py", "test_a_stream_beside_flask_has_the_same_session"),
        *lines(
            "tests/integration/test_deletion.py",
            'run(copy, "pytest", "tests/unit/test_streams.py"',
            'run(copy, "pytest", "tests/integration/test_streams.py"',
        ),
        *swap("tests/bench/__main__.py", "reads, streams", "reads"),
        *lines("tests/bench/__main__.py", '"streams":'),
        # The documentation.
        *swap(
            ".env.sample",
            "# on or off. on where Starlette serves /api/events/stream beside Flask:"
            " the page of sessions then shows changes at once.\n"
            "#EVENT_STREAM=off\n\n",
        ),
        *swap(".env.sample", " with its stream of events"),
        *swap("entrypoints/deploy/README.md", " with its stream of events"),
        *lines("entrypoints/deploy/README.md", "| `EVENT_STREAM` |"),
        *swap("entrypoints/README.md", ", and the stream of events"),
        *swap("entrypoints/README.md", ", and a stream that waits holds none"),
        *section("entrypoints/README.md", "## The stream"),
        *section("entrypoints/README.md", "## Both behind nginx"),
        *lines("entrypoints/README.md", "The stream goes with it,"),
        *lines("entrypoints/api/README.md", "With Starlette there is a stream"),
        *swap("entrypoints/api/README.md", ", to run both"),
        *lines("README.md", "- A stream of events,"),
        *swap("CONTRIBUTING.md", "binding of the API, and streams |", "binding of the API |"),
        *swap("CONTRIBUTING.md", ", and `streams`, which works only with it"),
    ),
)
