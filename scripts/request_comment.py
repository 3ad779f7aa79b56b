#!/usr/bin/env python3
"""Keeps one comment on a pull or merge request up to date.

    scripts/request_comment.py panel-diff.md

On GitHub it reads GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH (of a pull_request, or of the workflow_run that
follows one) and the token in GITHUB_TOKEN; on GitLab
CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID and the token in GITLAB_TOKEN. The comment is found again by a
hidden marker. Where there is no token, no request, or no right to comment, as for a request from a fork, it says so and
ends well: the job's summary, or its artifact, has the report all the same.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = "<!-- llumnix-dash panel diff -->"
PAGE = 100
TIMEOUT_SECONDS = 30
REFUSED = (401, 403, 404)


@dataclass(frozen=True)
class Comments:
    """The comments of one request on one platform.

    Args:
        url: lists them, and takes a new one.
        one_url: changes one, with its id for ``{id}``.
        update: the HTTP method that changes one.
        headers: with the token.
    """

    url: str
    one_url: str
    update: str
    headers: dict[str, str]

    def find(self) -> int | None:
        """The id of the comment with the marker."""
        page = 1
        while True:
            listed = self._request("GET", f"{self.url}?per_page={PAGE}&page={page}")
            if not isinstance(listed, list):
                raise ValueError("the answer is no list of comments")
            for comment in listed:
                if str(comment.get("body", "")).startswith(MARKER):
                    return int(comment["id"])
            if len(listed) < PAGE:
                return None
            page += 1

    def put(self, text: str) -> str:
        """Brings the comment to this text; returns what was done."""
        body = {"body": f"{MARKER}\n{text}"}
        found = self.find()
        if found is not None:
            try:
                self._request(self.update, self.one_url.format(id=found), body)
                return "updated the comment"
            except urllib.error.HTTPError as error:
                if error.code not in REFUSED:
                    raise
                # Someone else wrote a comment with our marker; leave theirs alone.
        self._request("POST", self.url, body)
        return "wrote a comment"

    def _request(self, method: str, url: str, body: dict[str, str] | None = None) -> Any:
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(url, data, {**self.headers, "Content-Type": "application/json"}, method=method)
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token would go along, to whatever host it names."""

    def redirect_request(self, *_: Any) -> None:
        """None, so that the redirect is an error."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def on_github(environment: dict[str, str]) -> Comments | str:
    """The comments of the pull request that the job runs for, or why there are none."""
    token = environment.get("GITHUB_TOKEN")
    if not token:
        return "no token was given"
    event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    api, repository = environment["GITHUB_API_URL"], environment["GITHUB_REPOSITORY"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    number = event.get("pull_request", {}).get("number")
    if "workflow_run" in event:
        number = _pull_request_of(event["workflow_run"], f"{api}/repos/{repository}", headers)
    if not isinstance(number, int):
        return "the job does not run for a pull request"
    url = f"{api}/repos/{repository}/issues"
    return Comments(f"{url}/{number}/comments", f"{url}/comments/{{id}}", "PATCH", headers)


def _pull_request_of(workflow_run: dict[str, Any], repository: str, headers: dict[str, str]) -> int | None:
    """The number of the open pull request whose head another workflow ran for.

    GitHub tells it by the run's branch and commit. Nothing that the other workflow wrote is believed: a fork's code
    could have written the number of any other pull request.
    """
    branch = f"{workflow_run['head_repository']['owner']['login']}:{workflow_run['head_branch']}"
    query = urllib.parse.urlencode({"state": "open", "head": branch, "per_page": PAGE, "page": 1})
    request = urllib.request.Request(f"{repository}/pulls?{query}", headers=headers)
    with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
        found = json.load(response)
    return next((one["number"] for one in found if one["head"]["sha"] == workflow_run["head_sha"]), None)


def on_gitlab(environment: dict[str, str]) -> Comments | str:
    """The notes of the merge request that the job runs for, or why there are none."""
    token, number = environment.get("GITLAB_TOKEN"), environment.get("CI_MERGE_REQUEST_IID")
    if not token:
        return "no GITLAB_TOKEN is set"
    if not number:
        return "the job does not run for a merge request"
    url = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}/merge_requests/{number}/notes"
    return Comments(url, f"{url}/{{id}}", "PUT", {"PRIVATE-TOKEN": token})


def main() -> int:
    """Runs the script; returns its exit code."""
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) == 2 else 2
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    environment = dict(os.environ)
    try:
        comments = on_github(environment) if "GITHUB_API_URL" in environment else on_gitlab(environment)
        print(f"not commented: {comments}" if isinstance(comments, str) else comments.put(text))
    except urllib.error.HTTPError as error:
        why = "the token may not comment here, as for a request from a fork" if error.code in REFUSED else error.reason
        print(f"not commented: {why} (HTTP {error.code})")
    except (OSError, ValueError) as error:  # no connection, or an answer that is no JSON
        print(f"not commented: {getattr(error, 'reason', error)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
