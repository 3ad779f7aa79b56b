"""Errors in the user's terms: one a cause, each with the next step."""

import re

from llumnix_dash.errors import ServerError, UserError
from llumnix_dash.http.reply import Reply
from llumnix_dash.http.unreachable import proxy_asks

SERVICE_ACCOUNTS = "Administration > Users and access > Service accounts"


class RevisionChangedError(UserError):
    """A compare-and-swap found another live state than the one it names: nothing was written."""

    exit_code = 1


class RefusedAsChangedError(RevisionChangedError):
    """As above, by an API that at times says so though nothing has changed: look before believing it."""


class ForbiddenError(UserError):
    """The credentials are good but lack a permission."""

    exit_code = 1


class BlockedError(UserError):
    """Something else owns the dashboard: no permission helps."""

    exit_code = 1


class RefusedError(UserError):
    """The server understood and refuses the content: a quota, a size, a title."""

    exit_code = 1


class StoppedError(UserError):
    """The user stopped the command while it waited to ask again: nothing was done."""

    exit_code = 1


class AnswerLostError(ServerError):
    """A write was sent and no answer of Grafana's came back: it may have been done, or not."""


def explain(reply: Reply, doing: str) -> UserError:  # noqa: PLR0911 (one a cause)
    """The error for an answer that is not the one hoped for.

    Args:
        reply: the answer.
        doing: what was being done, as in "cannot <doing>", for example "save dashboard llumnix-lrs-dashboard".
    """
    where = f"{reply.method} {reply.url}"
    if 300 <= reply.status < 400:
        return _redirected(reply, where)
    if reply.status == 401:
        return _unauthorized(reply, where)
    if reply.status == 407:
        return proxy_asks(where)
    if reply.status == 413:
        return _too_large(reply, doing, where)
    if not isinstance(reply.body, dict | list):
        return not_grafana(reply, doing)
    if reply.status == 403 or "quota reached" in reply.message.lower():
        return _forbidden(reply, doing, where)
    if reply.status == 429:
        return ServerError(
            f"cannot {doing}: too many requests, even after waiting",
            where=where,
            hint="wait a minute and run the command again, or use --jobs 1",
        )
    return _refused(reply, doing, where)


def _redirected(reply: Reply, where: str) -> UserError:
    target = reply.redirect_base
    if target is None or "login" in (reply.headers.get("Location") or "").lower():
        return ServerError(
            "the server redirects to a login page: it does not take API requests at this address",
            where=where,
            hint="ask for the address that API clients use, or sign in to the proxy in front of Grafana another way",
        )
    if where.partition(" ")[2].startswith("https://") and target.startswith("http://"):
        return ServerError(
            "the server redirects from https to http, where the token could be read on the way; nothing was sent on",
            where=where,
            hint="keep https in GRAFANA_URL, and have the proxy in front or Grafana's root_url redirect to https",
        )
    return ServerError(
        "GRAFANA_URL is redirected; nothing was sent on, for a redirected save would become a read",
        where=where,
        hint=f"export GRAFANA_URL={target}",
    )


def _unauthorized(reply: Reply, where: str) -> UserError:  # noqa: PLR0911 (one a cause)
    message_id = str(reply.field("messageId") or "")
    text = f"{message_id} {reply.message}".lower()
    new_token = (
        f"make a new token in Grafana under {SERVICE_ACCOUNTS} and set GRAFANA_TOKEN_FILE to a file that holds it"
    )
    if reply.credentials == "none":
        return ServerError(
            "Grafana asks for credentials, and none are set",
            where=where,
            hint="set GRAFANA_TOKEN_FILE (or GRAFANA_TOKEN), or GRAFANA_USER with GRAFANA_PASSWORD_FILE",
        )
    if "expired" in text:
        return ServerError("the Grafana token has expired", where=where, hint=new_token)
    if "revoked" in text:
        return ServerError("the Grafana token has been revoked", where=where, hint=new_token)
    if "organization" in text:
        return ServerError(
            "the Grafana token belongs to another organisation than --org-id asks for",
            where=where,
            hint="leave --org-id out: a token knows its organisation; or use a token of that organisation",
        )
    if reply.credentials == "cloud":
        return ServerError(
            "a Grafana Cloud access-policy token (glc_...) does not open a Grafana instance",
            where=where,
            hint=f"make a service-account token (glsa_...) in the instance itself, under {SERVICE_ACCOUNTS}",
        )
    if reply.credentials == "basic":
        return ServerError(
            "Grafana does not accept the user and password",
            where=where,
            hint="check GRAFANA_USER and GRAFANA_PASSWORD (or GRAFANA_PASSWORD_FILE); some servers take only tokens",
        )
    return ServerError(
        "Grafana does not know the token",
        where=where,
        hint=f"check that the token was made on this server (not another one); else {new_token}",
    )


def _forbidden(reply: Reply, doing: str, where: str) -> UserError:
    if "quota reached" in reply.message.lower():
        return RefusedError(
            f"cannot {doing}: the organisation's dashboard quota is reached",
            where=where,
            hint="delete dashboards that nobody needs, or ask the administrator to raise the quota",
        )
    if "resource manager" in reply.message.lower():
        return BlockedError(
            f"cannot {doing}: it is managed by Git Sync",
            where=where,
            hint="change it in the repository that it comes from",
        )
    needed = re.search(r"permissions needed:\s*(.+)", reply.said, re.IGNORECASE | re.DOTALL)
    permission = needed[1].strip() if needed else _usual_permission(reply)
    return ForbiddenError(
        f"cannot {doing}: permission denied",
        where=where,
        detail=f"permission needed: {permission}",
        hint="ask an administrator for it, or use the token of a service account with the role Editor",
    )


def _usual_permission(reply: Reply) -> str:
    verb = {"GET": "read", "DELETE": "delete", "PUT": "write", "PATCH": "write"}.get(reply.method, "create")
    if "folder" in reply.path.rsplit("/namespaces/", 1)[-1]:
        return f"folders:{verb}"
    if "datasources" in reply.path:
        return "datasources:read"
    if verb == "create":
        return "dashboards:create on the folder, or dashboards:write on the dashboard"
    return f"dashboards:{verb} on the dashboard or its folder"


def _too_large(reply: Reply, doing: str, where: str) -> UserError:
    if isinstance(reply.body, dict):
        return RefusedError(
            f"cannot {doing}: {reply.said or 'it is too large'}",
            where=where,
            hint="split the dashboard, or raise the server's limit",
        )
    return RefusedError(
        f"cannot {doing}: a proxy in front of Grafana finds the request too large",
        where=where,
        hint="raise the proxy's limit on request bodies (nginx: client_max_body_size)",
    )


def not_grafana(reply: Reply, doing: str) -> UserError:
    """The error for an answer that no Grafana gives."""
    where = f"{reply.method} {reply.url}"
    if reply.status == 408 or reply.status >= 500:
        return ServerError(
            f"cannot {doing}: the proxy in front of Grafana answers {reply.status}, Grafana itself does not answer",
            where=where,
            hint="wait until Grafana is up again, then run the command again",
        )
    what = "no JSON" if reply.body is None else "other JSON than Grafana's"
    if "<html" in reply.text[:2000].lower() or "<!doctype" in reply.text[:2000].lower():
        what = "a web page"
    return ServerError(
        f"cannot {doing}: the server answers {reply.status} with {what}; this is not Grafana's API",
        where=where,
        hint="check GRAFANA_URL: the address of Grafana's start page, with its sub-path if it has one (https://host/grafana)",
    )


def _refused(reply: Reply, doing: str, where: str) -> UserError:  # noqa: PLR0911 (one a cause)
    said = reply.said or f"status {reply.status}"
    text = said.lower()
    if "provisioned" in text:
        return BlockedError(
            f"cannot {doing}: it is provisioned from a file, or managed by another tool",
            where=where,
            detail=f"Grafana says: {said}",
            hint="change it where it comes from, or give the dashboard another uid",
        )
    if reply.field("status") == "plugin-dashboard":
        return BlockedError(
            f"cannot {doing}: {said.rstrip('.')}",
            where=where,
            hint="give the dashboard another uid; the plugin's one is left alone",
        )
    if "folder" in text and "not found" in text:
        return RefusedError(
            f"cannot {doing}: the folder is not there",
            where=where,
            detail=f"Grafana says: {said}",
            hint='name a folder that exists with --folder-uid, or let --folder "A / B" make one',
        )
    if "refresh interval" in text:
        return RefusedError(
            f"cannot {doing}: its refresh interval is shorter than the server allows",
            where=where,
            hint="set the dashboard's refresh to 5s or more (the server's min_refresh_interval)",
        )
    if reply.field("status") == "name-exists" or "same name" in text:
        return RefusedError(
            f"cannot {doing}: the folder has another dashboard of the same title (Grafana 10 allows one)",
            where=where,
            hint="rename or delete the other one, or choose another folder with --folder",
        )
    if reply.status == 202:
        return RefusedError(
            f"cannot {doing}: Grafana hands changes to a GitOps listener and did not save it",
            where=where,
            hint="bring the change in through the repository that Grafana is synchronised from",
        )
    if reply.status == 404 and said == "Not found":
        return ServerError(
            f"cannot {doing}: this server has no such API",
            where=where,
            hint="check GRAFANA_URL: the address of Grafana's start page, with its sub-path if it has one",
        )
    if reply.field("database"):
        return ServerError(
            f"cannot {doing}: it runs, but its database is {reply.hide(str(reply.field('database')))}",
            where=where,
            hint="look at Grafana's own log and at its database; then run the command again",
        )
    if reply.status >= 500:
        return ServerError(
            f"cannot {doing}: Grafana failed with status {reply.status}",
            where=where,
            detail=f"Grafana says: {said}",
            hint="look at Grafana's own log; then run the command again",
        )
    causes = "".join(f"\n{cause}" for cause in reply.causes)
    return RefusedError(
        f"cannot {doing}: Grafana refuses it (status {reply.status})",
        where=where,
        detail=f"Grafana says: {said}{causes}",
        hint="correct the dashboard where the message points",
    )


def unseen_folder(title: str, where: str) -> ForbiddenError:
    """The error for a folder that cannot be made because it is there, and cannot be used because it cannot be seen."""
    return ForbiddenError(
        f"the folder {title} exists, but these credentials cannot see it",
        where=where,
        detail="permission needed: folders:read on it, and dashboards:create in it",
        hint="ask an administrator for it, or choose another folder with --folder",
    )
