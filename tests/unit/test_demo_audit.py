"""The audit log is read as it grows, one user's requests only."""

import json
from pathlib import Path
from typing import Any

from demo.audit import AuditLog

USER = "system:serviceaccount:a:b"


def line(user: str = USER, verb: str = "create", second: int = 0, **reference: Any) -> str:
    return json.dumps(
        {
            "stage": "ResponseComplete",
            "verb": verb,
            "user": {"username": user, "groups": [USER]},
            "requestReceivedTimestamp": f"2026-01-01T00:00:{second:02d}.500000Z",
            "objectRef": {"resource": "pods", "namespace": "ns", "name": "p", **reference},
            "responseStatus": {"code": 201},
        }
    )


def test_only_the_users_own_lines_count(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text("\n".join([line(), line(user="other"), line(verb="get")]) + "\n")
    log = AuditLog(path, USER)
    assert [each.verb for each in log.poll()] == ["create", "get"]
    assert len(log.writes(0)) == 1


def test_a_line_half_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path, whole = tmp_path / "audit.log", line() + "\n"
    log = AuditLog(path, USER)
    assert not log.poll()
    path.write_text(whole + whole[:40])
    assert len(log.poll()) == 1
    path.write_text(whole + whole)
    assert len(log.poll()) == 2


def test_leases_are_no_writes_and_windows_are_half_open(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text("\n".join([line(second=1), line(second=2), line(second=3, resource="leases")]) + "\n")
    log = AuditLog(path, USER)
    first, second, lease = log.poll()
    assert [each.at for each in log.writes(first.at, second.at)] == [first.at]
    assert lease.is_lease
    assert log.last_write() == second.at
