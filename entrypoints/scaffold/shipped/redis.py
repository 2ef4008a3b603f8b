"""Redis as a place of the rate limits. Without it the database counts them."""

from entrypoints.scaffold.shipped import Shipped, drop, lines, swap

SHIPPED = Shipped(
    title="Redis",
    names=r"(?i)redis(?!trib)",
    files=("adapters/redis_limits.py", "tests/contract/test_redis_limits.py"),
    edits=(
        *drop("entrypoints/settings.py", "Settings.redis_url", "Settings._redis_server"),
        *drop("entrypoints/container.py", "in_redis"),
        *lines("entrypoints/container.py", "if settings.redis_url:", "limiter = in_redis("),
        *lines("pyproject.toml", '"limits', '"redis'),
        *lines("tests/integration/test_processes.py", 'env["REDIS_URL"]'),
        *swap("tests/integration/test_configuration.py", " rediss"),
        *lines(".ci/run", "answers 6379", "start 6379"),
        *swap("entrypoints/deploy/hexstart.service", " redis-server.service"),
        *swap(
            ".env.sample",
            "# Redis counts the rate limits. Default: none, the database counts them\n"
            "#REDIS_URL=redis://127.0.0.1:6379/0\n\n",
        ),
        *lines("entrypoints/deploy/README.md", "| `REDIS_URL` |"),
        *swap(
            "SECURITY.md",
            ", or in Redis with `REDIS_URL`. While Redis does not answer, the database counts.",
            ".",
        ),
        *swap("README.md", "Redis, nginx", "nginx"),
        *swap("README.md", ", passwords, Redis", ", passwords"),
        *swap("CONTRIBUTING.md", "Redis, nginx", "nginx"),
        *lines("CONTRIBUTING.md", "| limits, redis |"),
    ),
    packages=("limits", "redis"),
)
