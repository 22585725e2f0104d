"""Drives the official Python SDK of Asteroid, whichever release this interpreter has, against a server, and prints what it
got as JSON. Called by asteroid.test.mjs, which judges it: run.py BASE_URL SITE_URL FOLDER
"""

import json
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from asteroid_odyssey import AsteroidAPIError, AsteroidClient, ExecutionError, agents_v1_gen

ORGANIZATION = "org-py"
PATIENCE = {"timeout": 60.0}


def plain(value):
    """What the SDK's models hold, as JSON."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def caught(call, *args, **named):
    """The error that a call raises."""
    try:
        call(*args, **named)
    except Exception as error:  # noqa: BLE001: its class is what is asked for
        return error
    return None


def follow(activities):
    """Kinds and messages of activities; `payload` is a union that the SDK has validated."""
    facts = []
    for activity in activities:
        payload = activity.payload.actual_instance
        members = getattr(payload, "data", payload)
        facts.append({"type": payload.activity_type, "message": getattr(members, "message", None)})
    return facts


def executions(client, site):
    """Start, wait, the calls about what came of it."""
    execution_id = client.execute_agent("tea", {"site": site, "tea": "misty-ridge"})
    facts = {"id": execution_id, "result": plain(client.wait_for_execution_result(execution_id, interval=0.2, **PATIENCE))}
    if hasattr(client, "get_execution"):
        facts["execution"] = plain(client.get_execution(execution_id))
    else:
        facts["status"] = plain(client.get_execution_status(execution_id))
        facts["again"] = plain(client.get_execution_result(execution_id))
    facts["activities"] = follow(client.get_last_n_execution_activities(execution_id, 100))
    facts["newest"] = len(client.get_last_n_execution_activities(execution_id, 2))
    if hasattr(client, "get_browser_session_recording"):
        facts["recording"] = client.get_browser_session_recording(execution_id)
    else:
        facts["recording"] = client.get_execution(execution_id).browser_recording_url
    error = caught(client.wait_for_execution_result, client.execute_agent("lost", {"site": site}), interval=0.2, **PATIENCE)
    facts["failed"] = {"isExecutionError": isinstance(error, ExecutionError), "message": str(error)}
    return facts


def interaction(client, site):
    """The agent asks; it gets a file and an answer, and goes on."""
    execution_id = client.execute_agent("invoice", {"site": site})
    asked = client.wait_for_agent_interaction(execution_id, poll_interval=0.2, **PATIENCE)
    uploaded = client.upload_execution_files(execution_id, [("invoice.txt", "Two tins: 32.50\n")])
    client.add_message_to_execution(execution_id, "4711 für Ada")
    ended = client.wait_for_agent_interaction(execution_id, poll_interval=0.2, **PATIENCE)
    return {
        "asked": {"status": asked.status, "isTerminal": asked.is_terminal},
        "uploaded": plain(uploaded),
        "ended": {"status": ended.status, "isTerminal": ended.is_terminal, "result": plain(ended.execution_result)},
        "activities": follow(client.get_last_n_execution_activities(execution_id, 100)),
    }


def profiles(client, site):
    """Create, read, change, use, delete. Creating with credentials never works in these releases, so they are added."""
    request = agents_v1_gen.CreateAgentProfileRequest(
        name=f"Ada with {version('asteroid-odyssey')}",
        description="at first",
        organization_id=ORGANIZATION,
        proxy_cc="us",
        proxy_type="residential",
        captcha_solver_active=False,
        sticky_ip=True,
        credentials=[],
        cookies=[],
    )
    created = client.create_agent_profile(request)
    credentials = [
        agents_v1_gen.Credential(name="user_name", data="ada"),
        agents_v1_gen.Credential(name="password", data="grüner Tee, 1987"),
    ]
    change = agents_v1_gen.UpdateAgentProfileRequest(description="later", credentials_to_add=credentials)
    updated = client.update_agent_profile(created.id, change)
    facts = {
        "key": client.get_credentials_public_key(),
        "created": plain(created),
        "updated": plain(updated),
        "read": plain(client.get_agent_profile(created.id)),
        "listed": [profile.id for profile in client.get_agent_profiles(ORGANIZATION)],
        "formatted": None,
    }
    if hasattr(client, "format_agent_profile"):
        facts["formatted"] = client.format_agent_profile(updated)
        facts["formattedList"] = client.format_agent_profiles_list([updated])
    execution_id = client.execute_agent("account", {"site": site}, agent_profile_id=created.id)
    facts["used"] = plain(client.wait_for_execution_result(execution_id, interval=0.2, **PATIENCE))
    cookie = agents_v1_gen.Cookie(
        name="Visit",
        key="visited",
        value=version("asteroid-odyssey"),
        domain="127.0.0.1",
        secure=False,
        same_site="Lax",
        http_only=False,
        created_at=datetime.now(timezone.utc),
    )
    change = agents_v1_gen.UpdateAgentProfileRequest(cookies_to_add=[cookie])
    facts["withCookie"] = plain(client.update_agent_profile(created.id, change))
    execution_id = client.execute_agent("visitor", {"site": site}, agent_profile_id=created.id)
    facts["visited"] = plain(client.wait_for_execution_result(execution_id, interval=0.2, **PATIENCE))
    facts["deleted"] = plain(client.delete_agent_profile(created.id))
    error = caught(client.get_agent_profile, created.id)
    facts["gone"] = {"isApiError": isinstance(error, AsteroidAPIError), "message": str(error)}
    return facts


def newer(client, site, folder):
    """What releases from 1.3.8 on have."""
    if not hasattr(client, "stage_temp_files"):
        return None
    staged = client.stage_temp_files(ORGANIZATION, [("invoice.txt", "One tin: 16.25\n")])
    metadata = {"run": version("asteroid-odyssey")}
    execution_id = client.execute_agent("staged", {"site": site}, metadata=metadata, temp_files=staged)
    facts = {"staged": plain(client.wait_for_execution_result(execution_id, interval=0.2, **PATIENCE))}
    found = client.get_executions(None, metadata_key="run", metadata_value=metadata["run"])
    facts["found"] = {"total": found.total, "ids": [item.id for item in found.items], "id": execution_id}
    facts["agents"] = sorted(agent.id for agent in client.get_agents(ORGANIZATION, 1, 100))
    execution_id = client.execute_agent("prices", {"site": site})
    client.wait_for_execution_result(execution_id, interval=0.2, **PATIENCE)
    files = client.get_execution_files(execution_id)
    facts["files"] = [file.file_name for file in files]
    path = client.download_execution_file(files[0], folder)
    facts["downloaded"] = Path(path).read_text(encoding="utf-8")
    return facts


def main(base_url, site, folder):
    """Everything, one after the other."""
    with AsteroidClient("any key", base_url=base_url) as client:
        facts = {
            "version": version("asteroid-odyssey"),
            "executions": executions(client, site),
            "interaction": interaction(client, site),
            "profiles": profiles(client, site),
            "newer": newer(client, site, folder),
        }
    print(json.dumps(facts, ensure_ascii=False))


main(*sys.argv[1:])
