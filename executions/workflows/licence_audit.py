"""The bundled workflow: which licences are the packages under that this machine runs?"""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from executions.runner.context import Run
from executions.runner.interruptions import ActionRefused
from executions.runner.registry import ToolNeed, workflow
from executions.workflows import packages
from executions.workflows.licences import Evidence, classify
from waxell.lib import canonical

NAME: Final = "licence-audit"
_FILE: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_REPORT: Final = {
    "type": "object",
    "properties": {"file": _FILE, "digest": _FILE, "packages": {"type": "integer", "minimum": 0}},
    "required": ["file", "digest", "packages"],
    "additionalProperties": False,
}

TOOLS: Final = (
    ToolNeed(
        slug="packages.list",
        schema={"type": "object", "properties": {}, "additionalProperties": False},
        description="List the distributions installed on this machine.",
        groups=("inventory",),
    ),
    ToolNeed(
        slug="licences.read",
        schema={
            "type": "object",
            "properties": {"package": _FILE, "version": _FILE},
            "required": ["package", "version"],
            "additionalProperties": False,
        },
        description="Read a distribution's metadata and licence files.",
        groups=("inventory",),
    ),
    ToolNeed(slug="report.write", schema=_REPORT, description="Write a report and its data.", groups=("reports",)),
    ToolNeed(slug="report.publish", schema=_REPORT, description="Hand a report to everybody.", groups=("reports",)),
    ToolNeed(
        slug="files.delete",
        schema={
            "type": "object",
            "properties": {"file": _FILE},
            "required": ["file"],
            "additionalProperties": False,
        },
        description="Delete a file among the reports.",
        groups=("files",),
    ),
)


@workflow(NAME, max_attempts=3, needs=TOOLS)
def licence_audit(run: Run, *, publish: bool = False, tidy: bool = False) -> dict[str, Any]:
    """Audit the licences of every package installed on this machine.

    Writes a report named by its content, so that an audit of the same packages is the same report.
    `publish` hands it out, `tidy` deletes the data it was made from.
    """
    rows = [_audit(run, package) for package in run.tool("packages.list", {}, packages.list_installed)]
    data = canonical.encode({"packages": rows})
    digest = canonical.digest(data)
    stem = f"{NAME}-{digest.removeprefix('sha256:')[:12]}"
    report = {"file": f"{stem}.md", "digest": digest, "packages": len(rows)}
    families = Counter(row["family"] for row in rows)

    def write(file: str, digest: str, packages: int) -> dict[str, Any]:
        folder = _folder("reports")
        (folder / f"{stem}.json").write_bytes(data)
        (folder / file).write_text(render(rows, digest), encoding="utf-8")
        return {"files": [file, f"{stem}.json"]}

    run.tool("report.write", report, write)
    outcome: dict[str, Any] = {**report, "families": dict(sorted(families.items())), "refused": []}
    if tidy:
        try:
            run.tool("files.delete", {"file": f"{stem}.json"}, _delete)
        except ActionRefused as refusal:
            # The report stands without it: the data simply stays.
            outcome["refused"].append(refusal.what)
    if publish:
        try:
            run.tool("report.publish", report, _publish)
        except ActionRefused as refusal:
            outcome["refused"].append(refusal.what)
    return outcome


def render(rows: list[dict[str, Any]], digest: str) -> str:
    """Return the report in Markdown."""
    families = Counter(row["family"] for row in rows)
    lines = ["# Licences of the installed packages", "", f"{len(rows)} packages, data `{digest}`.", ""]
    lines += [f"- {family}: {count}" for family, count in families.most_common()]
    lines += ["", "| Package | Version | Licence | Family | Said by |", "|---|---|---|---|---|"]
    lines += [
        "| " + " | ".join(str(row[name]) for name in ("name", "version", "expression", "family", "source")) + " |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _audit(run: Run, package: dict[str, str]) -> dict[str, Any]:
    args = {"package": package["name"], "version": package["version"]}
    try:
        said = run.tool("licences.read", args, _read)
    except ActionRefused:
        return {**package, "expression": "", "family": "Not read", "source": ""}
    return {**package, **asdict(classify(Evidence(**said)))}


def _read(package: str, version: str) -> dict[str, Any]:
    return asdict(packages.read_evidence(package))


def _delete(file: str) -> dict[str, Any]:
    # Only the name counts: nothing outside the folder can be meant.
    (_folder("reports") / Path(file).name).unlink()
    return {"deleted": file}


def _publish(file: str, digest: str, packages: int) -> dict[str, Any]:
    name = Path(file).name
    (_folder("reports/published") / name).write_bytes((_folder("reports") / name).read_bytes())
    return {"published": name}


def _folder(name: str) -> Path:
    folder: Path = settings.WAXELL_HOME / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
