"""The TypeScript client that `make client` writes: a right program compiles, and a wrong one does not."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import ROOT, unavailable

TYPESCRIPT = re.findall(r"typescript@[\d.]+$", (ROOT / "Makefile").read_text(), re.MULTILINE)
FETCH = re.findall(r"openapi-fetch@[\d.]+", (ROOT / "entrypoints/api/client.ts").read_text())

RIGHT = """
import { connect } from "./client.js";

const api = connect("http://localhost:8000");

export async function rename(team: string, name: string): Promise<string> {
  await api.POST("/api/login", { body: { email: "ada@example.org", password: "turquoise lantern" } });
  const path = { id: team };
  const { data, error } = await api.PATCH("/api/teams/{id}", { params: { path }, body: { name } });
  if (error) throw new Error(`${error.errors.display_error} (${error.errors.internal_error_code})`);
  const role: "owner" | "admin" | "member" = data.data.role;
  return `${data.data.name}, ${role}`;
}

export async function addresses(): Promise<string[]> {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const { data } = await api.GET("/api/sessions", { params: { query: { limit: 100, after } } });
    found.push(...(data?.data ?? []).map((session) => session.ip));
    after = data?.next ?? undefined;
  } while (after);
  return found;
}
"""
WRONG = {
    "an unknown URL": ('"/api/sessions"', '"/api/session"'),
    "a missing field": ('email: "ada@example.org", ', ""),
    "an unknown field": ("body: { name }", "body: { title: name }"),
    "a field of another type": ("{ limit: 100, after }", '{ limit: "100", after }'),
    "a field that no answer has": ("session.ip", "session.address"),
    "a role that does not exist": ('"owner" | "admin"', '"owner"'),
    "a missing id": ("params: { path }, ", ""),
}


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    cache = {"npm_config_cache": str(ROOT / "var/npm")}
    return subprocess.run(
        command, cwd=folder, env=os.environ | cache, capture_output=True, text=True, timeout=180
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if shutil.which("npm") is None:
        unavailable("npm is not on this machine (on Debian: apt install npm)")
    folder = tmp_path_factory.mktemp("client")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    installed = run(folder, "npm", "install", "--no-audit", "--no-fund", *TYPESCRIPT, *FETCH)
    if installed.returncode:
        unavailable(f"npm does not install packages: {installed.stderr[-300:]}")
    # Without the rules that install: the packages are those of this process.
    kept = [f"--assume-old=.venv/{stamp}" for stamp in (".created", ".runtime")]
    made = run(ROOT, "make", f"BIN={Path(sys.executable).parent}", *kept, "client", f"out={folder}")
    assert made.returncode == 0, made.stderr
    return folder


def test_only_right_programs_compile(folder):
    programs = {"right": RIGHT}
    for fault, (right, wrong) in WRONG.items():
        assert RIGHT.count(right) == 1, fault
        programs[fault.replace(" ", "_")] = RIGHT.replace(right, wrong)
    for name, program in programs.items():
        (folder / f"{name}.ts").write_text(program)

    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"]
    said = run(folder, "npx", "tsc", *options, *(f"{name}.ts" for name in programs)).stdout

    assert set(re.findall(r"(?m)^(\w+)\.ts\(\d+,\d+\): error TS", said)) == programs.keys() - {"right"}, said
