"""Takes a release of Hexstart into a clone, on a branch of its own. The Makefile calls it:

python -m entrypoints.scaffold.upgrade from=hexstart to=v1.2.0

It needs git and the standard library. So `continue` and `undo` work while files have conflicts.
"""

import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from entrypoints.scaffold import merging, releases
from entrypoints.scaffold.clone import Clone, Stopped, ref
from entrypoints.scaffold.merging import Three
from entrypoints.scaffold.releases import Version, tag, version_of

ROOT = Path(__file__).parents[2]
CHANGELOG = "CHANGELOG.md"
PROJECT = "pyproject.toml"
LOCKS = ("requirements.lock", "requirements-dev.lock")
# A clone that has changed one of these keeps it: what it promised to its clients, and its own history.
KEPT = ("entrypoints/api/openapi-released.json", CHANGELOG)
BRANCH = "upgrade-"
UNDO = "To undo all of it: make upgrade undo=1"
USAGE = "Use from= to= since= quick=, or continue=1, or undo=1."


@dataclass(frozen=True)
class Begun:
    """An upgrade. Git keeps it in the configuration of its branch, and deletes it with the branch.

    `start` is the branch to return to, `ours` the commit of the clone, `base` what it has in common with the
    release.
    """

    start: str
    ours: str
    base: str
    release: str

    @property
    def version(self) -> Version:
        found = version_of(self.release)
        assert found  # noqa: S101
        return found

    def keep(self, clone: Clone) -> None:
        for field in fields(self):
            clone.git(
                "config", f"branch.{BRANCH}{self.release}.hexstart-{field.name}", getattr(self, field.name)
            )


def begun(clone: Clone) -> Begun:
    """The upgrade of the branch that is checked out. Raise Stopped on another branch."""
    branch = clone.branch
    kept = [clone.asked("config", f"branch.{branch}.hexstart-{field.name}") for field in fields(Begun)]
    if not all(kept):
        raise Stopped(f"The branch {branch} is not from `make upgrade`. Switch to its branch first.")
    return Begun(*kept)


def begin(clone: Clone, source: str, to: str, since: str) -> Begun:
    """Fetch the release, make the branch and merge without a commit."""
    clone.check_ready()
    clone.fetch(source)
    known = clone.releases()
    has = clone.release_of("HEAD")
    related = has is not None or any(clone.asked("merge-base", "HEAD", ref(each)) for each in known)
    origin = None if related else _origin(clone, known, since)
    version = _wanted(known, to, has or origin)
    branch, start = BRANCH + tag(version), clone.branch
    if clone.asked("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"):
        raise Stopped(f"The branch {branch} exists. Go on there, or delete it: git branch -D {branch}")
    clone.git("switch", "--quiet", "--create", branch)
    try:
        if origin:
            print(f"This clone has a history of its own. It is joined with {tag(origin)}, where it began.")
            message = f"Join the history of Hexstart at {tag(origin)}, where this clone began"
            clone.git("merge", "--strategy=ours", "--allow-unrelated-histories", "-m", message, ref(origin))
        base = clone.git("merge-base", "HEAD", ref(version)).strip()
        found = Begun(start, clone.git("rev-parse", "HEAD").strip(), base, tag(version))
        found.keep(clone)
        print(f"Merging {found.release} into the branch {branch}", flush=True)
        message = f"Take the release {found.release} of Hexstart"
        try:
            clone.git("merge", "--no-ff", "--no-commit", "--no-log", "-m", message, ref(version))
        except Stopped:
            if not clone.merging:  # no conflict: git did not begin
                raise
    except Stopped:
        clone.git("reset", "--quiet", "--hard")
        clone.git("switch", "--quiet", start)
        clone.git("branch", "--quiet", "-D", branch)
        raise
    return found


def _origin(clone: Clone, known: Sequence[Version], since: str) -> Version:
    """The release that a clone without our history began with."""
    project = clone.root / PROJECT
    told = since or tomllib.loads(project.read_text())["project"]["version"]
    version = version_of(told)
    if version not in known or version is None:
        reason = f"{PROJECT} has the version {told}" if not since else f"{since} is no release"
        raise Stopped(f"This clone has a history of its own, and {reason}. Name where it began: since=v1.0.0")
    return version


def _wanted(known: Sequence[Version], to: str, has: Version | None) -> Version:
    if not known:
        raise Stopped("There are no releases there: no tag like v1.0.0.")
    version = version_of(to) if to else known[-1]
    if version is None or version not in known:
        raise Stopped(f"There is no release {to}. The newest are {', '.join(map(tag, known[-3:]))}.")
    if has and version <= has:
        newest = "" if to else ", the newest release"
        raise Stopped(f"This clone has {tag(has)} already{newest}. There is nothing to take.")
    return version


def settle(clone: Clone, found: Begun) -> dict[str, str]:
    """Decide what needs no decision. Return the other files, each with what is to do."""
    both = _changed_by_both(clone, found)
    texts = {path: _texts(clone, path, found) for path in both}
    left = {}
    for path in clone.united(both):
        base, ours, other = texts[path]
        if not ours or not other:  # one side has deleted it
            continue
        text, doubts = merging.shared_page(base, ours, other, (clone.root / path).read_text())
        _write(clone, path, text)
        if doubts:
            left[path] = "The clone and the release have both changed a line. Keep one: " + " | ".join(doubts)
    for path in both & {*LOCKS, *KEPT}:
        base, ours, other = texts[path]
        if ours and other:
            _write(clone, path, merging.lock(base, ours, other) if path in LOCKS else ours)
            if path in KEPT:
                print(f"{path}: the clone has changed it, and keeps its own.")
    for path, stages in clone.unmerged().items():
        if "2" not in stages:
            print(f"{path}: the clone has deleted it, and it stays deleted. The release has changed it.")
            clone.git("rm", "--quiet", "--", path)
        elif "3" not in stages:
            left[path] = "The release has deleted it, and the clone has changed it: `git rm` or `git add`."
        elif "1" not in stages:
            left[path] = "The clone and the release have each added a file of this name."
        elif path != PROJECT or not _settle_project(clone, texts[path], found.release):
            left[path] = "The clone and the release have changed the same lines."
    return left


def _texts(clone: Clone, path: str, found: Begun) -> Three:
    theirs = ref(found.version)
    return clone.text(found.base, path), clone.text(found.ours, path), clone.text(theirs, path)


def _settle_project(clone: Clone, texts: Three, release: str) -> bool:
    """Merge pyproject.toml. False when conflicts are left in it."""
    with tempfile.TemporaryDirectory() as folder:
        base, ours, theirs = (Path(folder, name) for name in ("base", "ours", "theirs"))
        for file, text in zip((base, ours, theirs), merging.project(*texts), strict=True):
            file.write_text(text)
        labels = [part for name in ("ours", "base", release) for part in ("-L", name)]
        try:
            clone.git("merge-file", *labels, str(ours), str(base), str(theirs))
            whole = True
        except Stopped:  # the exit code is the number of conflicts
            whole = False
        (clone.root / PROJECT).write_text(ours.read_text())
    if whole:
        clone.git("add", "--", PROJECT)
    return whole


def _write(clone: Clone, path: str, text: str) -> None:
    (clone.root / path).write_text(text)
    clone.git("add", "--", path)


def show_left(clone: Clone, found: Begun, left: dict[str, str]) -> None:
    told = _notes(clone, found)
    print(f"\n{found.release} is merged, but for {len(left)} of your files:")
    for path, what in sorted(left.items()):
        print(f"\n{path}\n  {what}")
        for note in releases.notes_of(path, told):
            print(f"  Note of the release: {note}")
        print(f"  What the release changed: git diff {found.base[:12]} {ref(found.version)} -- {path}")
    print("\nEdit these files, and `git add` each. Then: make upgrade continue=1")
    print(UNDO, flush=True)


def _notes(clone: Clone, found: Begun) -> list[str]:
    has = clone.release_of(found.base)
    return releases.entries(clone.text(ref(found.version), CHANGELOG), has, found.version)


def _changed_by_both(clone: Clone, found: Begun) -> set[str]:
    return clone.changes(found.base, found.ours) & clone.changes(found.base, ref(found.version))


def check_resolved(clone: Clone, found: Begun) -> None:
    """Raise Stopped when a conflict is open, when the merge is gone, or when there are changes beside it."""
    if open_ones := sorted(clone.unmerged()):
        raise Stopped(f"These files are in conflict. Edit them, then `git add` them: {' '.join(open_ones)}")
    marks = ("grep", "--cached", "-l", "-E", "^(<{7}|>{7}) ", "--", PROJECT)
    if marked := clone.asked(*marks, *_changed_by_both(clone, found)):
        raise Stopped(f"These files have marks of a conflict: {' '.join(marked.split())}")
    if clone.merging:
        return
    if clone.changed:
        raise Stopped("Some files are not committed. Commit them first: git status")
    if clone.release_of("HEAD") != found.version:
        raise Stopped(f"{found.release} is not merged. Begin again: make upgrade undo=1, then make upgrade")


def finish(clone: Clone, found: Begun, quick: bool) -> None:
    """Locks, formatting, the commit of the merge, checks, migrations, tests. All of it can run again."""
    if _changed_by_both(clone, found) & set(LOCKS):
        _make_locks(clone)
    step(clone, "Formatting", "make", "format")
    clone.git("add", "--update")
    if clone.merging:
        clone.git("commit", "--quiet", "--no-edit", "--cleanup=strip")
    elif clone.changed:
        clone.git("commit", "--quiet", "-m", f"Format what {found.release} has changed")
    step(clone, "Checking", "make", "check")
    rehearse(clone)
    if quick:
        step(clone, "Running the unit tests", sys.executable, "-m", "pytest", "tests/unit")
    else:
        step(clone, "Running all tests (quick=1 runs the unit tests only)", "make", "test")


def step(clone: Clone, title: str, *command: str, **environ: str) -> None:
    print(title, flush=True)
    if not clone.run(*command, **environ):
        shown = " ".join(command).replace(sys.executable, ".venv/bin/python")
        raise Stopped(f"`{shown}` failed. Repair it and commit, then: make upgrade continue=1. {UNDO}")


def _make_locks(clone: Clone) -> None:
    """Both sides have changed packages. Without a package index, the lock files keep the packages of both."""
    print("Making the lock files anew", flush=True)
    # uv is installed. The packages of the new lock files are installed after this.
    installed = ["--assume-old=.venv/.dev"] if (clone.root / ".venv/.dev").exists() else []
    if told := clone.complaint("make", *installed, "lock"):
        print(f"This failed, perhaps without network: {told}")
        print("The lock files have the packages of both sides for now. Run `make lock` later.", flush=True)


def rehearse(clone: Clone) -> None:
    """Migrate a copy of the SQLite database, or an empty one. The database itself is not changed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.db")
        failed = clone.complaint(sys.executable, "-m", "entrypoints.cli", "backup", str(copy))
        what = "an empty database" if failed else "a copy of the database"
        alembic = (sys.executable, "-m", "alembic")
        url = f"sqlite:///{copy}"
        step(clone, f"Migrating {what}", *alembic, "upgrade", "heads", DATABASE_URL=url)
        step(clone, "Comparing its tables with the code", *alembic, "check", DATABASE_URL=url)


def show_done(clone: Clone, found: Begun) -> None:
    branch = BRANCH + found.release
    files = clone.files(ref(found.version)) | clone.files(found.base)
    print(f"\n{found.release} is on the branch {branch}, and all steps passed. What is left:")
    for note in releases.for_all(_notes(clone, found), files):
        print(f"  - {note}")
    print("  - Read it: git diff " + f"{found.start} {branch}")
    print(f"  - Take it: git switch {found.start} && git merge {branch}")
    print("    (Do not squash it: the next upgrade needs the history.)")
    print("  - Back up your database, then migrate it: make migrate")
    print("To undo all of it before that: make upgrade undo=1", flush=True)


def undo(clone: Clone) -> None:
    found = begun(clone)
    clone.git("reset", "--quiet", "--hard")  # ends the merge, too
    clone.git("switch", "--quiet", found.start)
    clone.git("branch", "--quiet", "-D", BRANCH + found.release)
    print(f"Back on the branch {found.start}, as it was.")
    print("Have you run `make migrate` or `make run` since? Then restore the backup of your database.")


def upgrade(clone: Clone, given: dict[str, str]) -> None:
    if set(given) - {"from", "to", "since", "quick", "continue", "undo"}:
        raise Stopped(USAGE)
    if given.get("undo"):
        return undo(clone)
    if given.get("continue"):
        found = begun(clone)
        check_resolved(clone, found)
    else:
        found = begin(clone, given.get("from") or "hexstart", given.get("to", ""), given.get("since", ""))
        if left := settle(clone, found):
            show_left(clone, found, left)
            raise SystemExit(1)
    finish(clone, found, bool(given.get("quick")))
    show_done(clone, found)
    return None


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    try:
        upgrade(Clone(root), dict(pair.partition("=")[::2] for pair in arguments))
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nStopped. To go on: make upgrade continue=1. {UNDO}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
