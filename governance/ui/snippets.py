"""First calls with a new key, as they can be pasted into a shell."""

from governance.models import ApiKey

WORKFLOW = "first-steps"


def curl(address: str, plain: str, scopes: list[str]) -> str:
    """Return a call that works as it stands. `address` is this server's, without a slash at the end."""
    head = f'curl -s "{address}/api/v1/{_path(scopes)}" -H "Authorization: Bearer {plain}"'
    if ApiKey.Scope.EXECUTE not in scopes:
        return head
    return f"{head} \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"workflow\": \"{WORKFLOW}\"}}'"


def python(address: str, plain: str, scopes: list[str]) -> str:
    """Return a program, standard library only, that asks before it acts."""
    if ApiKey.Scope.EXECUTE not in scopes:
        return _READING.format(address=address, plain=plain, path=_path(scopes))
    return _ASKING.format(address=address, plain=plain, workflow=WORKFLOW)


def _path(scopes: list[str]) -> str:
    if ApiKey.Scope.EXECUTE in scopes or ApiKey.Scope.READ in scopes:
        return "executions/"
    return "policies/"


_READING = """\
import json
import urllib.request

request = urllib.request.Request("{address}/api/v1/{path}", headers={{"Authorization": "Bearer {plain}"}})
print(json.load(urllib.request.urlopen(request)))
"""

_ASKING = """\
import json
import urllib.request

WAXELL = "{address}/api/v1"
KEY = "{plain}"


def call(path, **body):
    headers = {{"Authorization": f"Bearer {{KEY}}", "Content-Type": "application/json"}}
    request = urllib.request.Request(WAXELL + path, json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request))


execution = call("/executions/", workflow="{workflow}")
print("The execution is", execution["state"])

if execution["state"] == "running":
    one, fence = f"/executions/{{execution['id']}}", execution["lease"]["fence"]
    action = call(f"{{one}}/actions/", fence=fence, kind="tool.call", resource="search", args={{"query": "tea"}})
    print("The action:", action["verdict"], [reason["message"] for reason in action["reasons"]])
    if action["verdict"] == "allow":
        # Here the tool is called; then its result is told.
        call(f"{{one}}/actions/{{action['seq']}}/result/", fence=fence, status="ok", output="found")
    if action["state"] == "running":
        print("It is", call(f"{{one}}/close/", fence=fence, outcome="completed")["state"])
"""
