"""A clone as git sees it: its state, the releases that it can take, the three texts of a file."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from entrypoints.scaffold.releases import Version, tag, version_of

# The tags of Hexstart, apart from the tags of the clone.
TAGS = "refs/hexstart/"
UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
# make hands its flags on, and the variables of `make upgrade`.
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "from", "to", "since", "quick", "continue", "undo"}


class Stopped(Exception):
    """The upgrade cannot begin or go on. One line says why."""


@dataclass(frozen=True)
class Clone:
    root: Path

    def git(self, *arguments: str) -> str:
        """What git prints. Raise Stopped with the first line of its complaint."""
        command = ["git", *arguments]
        try:
            done = subprocess.run(command, cwd=self.root, capture_output=True, text=True)  # noqa: S603
        except FileNotFoundError:
            raise Stopped("git is not installed.") from None
        if done.returncode:
            told = (done.stderr or done.stdout).strip().splitlines()
            raise Stopped(f"git {arguments[0]}: {told[0] if told else 'it failed'}")
        return done.stdout

    def asked(self, *arguments: str) -> str:
        """The same in one line. Empty when git has no answer."""
        try:
            return self.git(*arguments).strip()
        except Stopped:
            return ""

    def run(self, *command: str, **environ: str) -> bool:
        """Run a program that shows what it does. False when it failed."""
        return subprocess.run(command, cwd=self.root, env=_surroundings() | environ).returncode == 0  # noqa: S603

    def complaint(self, *command: str) -> str:
        """Run a program, and return the first line of its output when it failed. Empty otherwise."""
        done = subprocess.run(  # noqa: S603
            command,
            cwd=self.root,
            env=_surroundings(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return (done.stdout.strip() or "it failed").splitlines()[0] if done.returncode else ""

    @property
    def branch(self) -> str:
        """Empty when no branch is checked out."""
        return self.asked("symbolic-ref", "--quiet", "--short", "HEAD")

    @property
    def merging(self) -> bool:
        return bool(self.asked("rev-parse", "--quiet", "--verify", "MERGE_HEAD"))

    @property
    def changed(self) -> bool:
        return bool(self.git("status", "--porcelain"))

    def check_ready(self) -> None:
        """Raise Stopped when there is no tree that an upgrade can begin with."""
        self.git("version")
        top = self.asked("rev-parse", "--show-toplevel")
        if not top or not self.asked("rev-parse", "--verify", "--quiet", "HEAD"):
            raise Stopped("This folder has no history. Begin one: git init, git add --all, git commit")
        if Path(top).resolve() != self.root.resolve():
            raise Stopped(f"The git repository begins above this folder, in {top}. It must be this folder.")
        for name in UNFINISHED:
            if (self.root / self.git("rev-parse", "--git-path", name).strip()).exists():
                raise Stopped("Git has an unfinished merge or rebase. End it first: git status")
        if self.changed:
            raise Stopped("Some files are not committed. Commit them first: git status")
        if not self.branch:
            raise Stopped("No branch is checked out. Choose one first: git switch main")
        if not self.asked("var", "GIT_COMMITTER_IDENT"):
            raise Stopped("Git does not know your name. Tell it: git config user.name, git config user.email")

    def fetch(self, source: str) -> None:
        """Get the releases from a remote or a URL. Raise Stopped."""
        if source not in self.git("remote").split() and not any(each in source for each in ":/."):
            raise Stopped(f"Git knows no remote {source}. Name the remote of Hexstart, or its URL: from=URL")
        self.git("fetch", "--quiet", "--no-tags", "--prune", "--", source, f"+refs/tags/v*:{TAGS}v*")

    def releases(self) -> list[Version]:
        """All that were fetched, the oldest first."""
        names = self.git("for-each-ref", "--format=%(refname)", TAGS).split()
        return sorted(filter(None, (version_of(name.removeprefix(TAGS)) for name in names)))

    def release_of(self, commit: str) -> Version | None:
        """The newest release that a commit comes from."""
        names = self.git("for-each-ref", "--format=%(refname)", "--merged", commit, TAGS).split()
        return max(filter(None, (version_of(name.removeprefix(TAGS)) for name in names)), default=None)

    def text(self, commit: str, path: str) -> str:
        """Empty where the commit has no such file."""
        try:
            return self.git("show", f"{commit}:{path}")
        except Stopped:
            return ""

    def changes(self, old: str, new: str) -> set[str]:
        """The paths of all files that differ."""
        return set(self.git("diff", "--name-only", "--no-renames", "-z", old, new).split("\0")) - {""}

    def files(self, commit: str) -> set[str]:
        return set(self.git("ls-tree", "-r", "--name-only", "-z", commit).split("\0")) - {""}

    def unmerged(self) -> dict[str, set[str]]:
        """The files in conflict, with their stages: 1 the base, 2 ours, 3 theirs."""
        found: dict[str, set[str]] = {}
        for entry in self.git("ls-files", "--unmerged", "-z").split("\0"):
            if entry:
                about, _, path = entry.partition("\t")
                found.setdefault(path, set()).add(about.split()[2])
        return found

    def united(self, paths: set[str]) -> list[str]:
        """Those that git merges by union."""
        told = self.git("check-attr", "-z", "merge", "--", *sorted(paths)).split("\0") if paths else []
        return [path for path, value in zip(told[::3], told[2::3], strict=False) if value == "union"]


def _surroundings() -> dict[str, str]:
    """The environment without what make adds to it: each step is a make of its own."""
    return {name: value for name, value in os.environ.items() if name not in OF_MAKE}


def ref(version: Version) -> str:
    return TAGS + tag(version)
