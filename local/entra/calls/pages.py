"""One page for people: the job, the directory, the last calls. Plain HTML, no script."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

from local.entra.simulator import Simulator

_MAX_PEOPLE = 500
_MAX_CALLS = 20

_PERSON = (
    ("employeeId", "Employee id"),
    ("displayName", "Name"),
    ("userPrincipalName", "User principal name"),
    ("department", "Department"),
    ("jobTitle", "Job title"),
    ("manager", "Manager"),
    ("accountEnabled", "Enabled"),
)

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1b1f }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem .3rem 0 }
th { border-bottom: 2px solid #c7c7d1; font-weight: 600 } td { border-bottom: 1px solid #e6e6ee }
code { font-size: .9em; overflow-wrap: anywhere }
"""


def overview(simulator: Simulator) -> str:
    """The page."""
    state = simulator.state()
    counts = [(name, state[name]) for name in ("calls", "staged", "processed", "logged", "users")]
    shown = simulator.directory.people(_MAX_PEOPLE)
    calls = list(islice(reversed(simulator.calls), _MAX_CALLS))
    everybody = len(simulator.directory)
    more = f"<p>The first {len(shown)} of {everybody}.</p>" if len(shown) < everybody else ""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Entra simulator</title><style>{_STYLE}</style></head>
<body>
<h1>Entra simulator</h1>
<p>Job <code>{escape(simulator.tenant.job_id)}</code> is <strong>{escape(str(state["job"]))}</strong>.
JSON: <a href="/simulator/state">state</a>, <a href="/simulator/directory">directory</a>,
<a href="/simulator/requests">requests</a>.</p>
{_table([name.capitalize() for name, _ in counts], [[count for _, count in counts]])}
<h2>Directory</h2>
{_table([title for _, title in _PERSON], [[person[name] for name, _ in _PERSON] for person in shown])}
{more}
<h2>Last calls of bulkUpload</h2>
{
        _table(
            ["Time", "Status", "Fault", "Operations", "Request id"],
            [[call.at, call.status, call.fault, len(call.operations), call.request_id] for call in calls],
        )
    }
</body>
</html>
"""


def _table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "\n".join(f"<tr>{''.join(f'<td>{escape(_words(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
