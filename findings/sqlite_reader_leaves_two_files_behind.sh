#!/usr/bin/env bash
# A database in SQLite's write-ahead mode has two files beside it while it is open; the last connection removes them.
# Guessed: a connection that may only read (mode=ro) leaves the folder as it was.
# Seen with SQLite 3.40.1 as Python's sqlite3: after it is closed, x.db-wal and x.db-shm are left behind. A
# connection with mode=rw that only reads removes them.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import os
import sqlite3

writer = sqlite3.connect("x.db")
writer.execute("PRAGMA journal_mode = WAL")
writer.execute("CREATE TABLE t (a)")
writer.commit()
writer.close()
before = sorted(name for name in os.listdir() if name.startswith("x.db"))


def left_behind(mode):
    reader = sqlite3.connect(f"file:x.db?mode={mode}", uri=True)
    reader.execute("SELECT * FROM t").fetchall()
    reader.close()
    return sorted(name for name in os.listdir() if name.startswith("x.db"))


print("SQLite", sqlite3.sqlite_version, "before:", before)
ro = left_behind("ro")
print("after a reader with mode=ro:", ro)
rw = left_behind("rw")
print("after a reader with mode=rw:", rw)
assert before == rw == ["x.db"]
assert ro == ["x.db", "x.db-shm", "x.db-wal"]
PYTHON
