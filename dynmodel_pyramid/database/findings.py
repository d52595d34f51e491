"""What an examination of a deployment finds: the form of a finding, and what the examination knows of the processes."""

from dataclasses import dataclass
from typing import Any

#: From harmless to serious. ``note``: worth knowing; ``warning``: will hurt some day; ``error``: is wrong now.
SEVERITIES = ("note", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """
    :param code: the kind, for programs
    :param detail: one sentence
    :param where: the table, setting, file or server that it is about
    :param mend: the command, statement or request that mends it
    :param table: the id of the table, if it is about one
    """

    severity: str
    code: str
    detail: str
    where: str
    mend: str
    table: int | None = None

    def document(self) -> dict[str, Any]:
        """The form for clients."""
        return {
            "severity": self.severity,
            "code": self.code,
            "detail": self.detail,
            "where": self.where,
            "table": self.table,
            "mend": self.mend,
        }


@dataclass(frozen=True, slots=True)
class Load:
    """What the processes of a deployment ask of the machine and of the database.

    :param processes: that serve together
    :param threads: that run requests, in each process; None: not known
    :param connections: that each process opens at most; None: any number
    """

    processes: int = 1
    threads: int | None = None
    connections: int | None = None


def size_text(size: float) -> str:
    """Bytes for people."""
    units = ["bytes", "KB", "MB", "GB", "TB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        del units[0]
    return f"{size:,.0f} {units[0]}"


def severest(findings: list[Finding]) -> str | None:
    """The highest severity; None if nothing was found."""
    return max((finding.severity for finding in findings), key=SEVERITIES.index, default=None)
