"""Drives the official Python SDK of AgentBay, whichever release this interpreter has, against a server, and prints what it
got as JSON. Called by agentbay.test.mjs, which judges it: run.py ENDPOINT SITE_URL
"""

import asyncio
import json
import sys
from importlib.metadata import version

from agentbay import AsyncAgentBay, Config, CreateSessionParams

RELEASE = version("wuying-agentbay-sdk")
LABELS = {"project": "tea shop", "kind": "grüner Tee", "release": RELEASE}


def members(result):
    """What a result of the SDK says, as JSON."""
    plain = (str, int, float, bool, type(None), dict, list)
    return {name: value for name, value in vars(result).items() if isinstance(value, plain)}


async def caught(awaitable):
    """What a call raises, in words; nothing when it does not."""
    try:
        await awaitable
    except Exception as error:  # noqa: BLE001: its words are what is asked for
        return f"{type(error).__name__}: {error}"
    return None


async def tasks(session, site):
    """A task to its end by both ways, one that is terminated, one that cannot be done."""
    agent = session.agent.computer
    prompt = f"Open {site}/teas/misty-ridge and extract the main heading"
    # Rounds of three seconds in the older release, seconds in the newer one.
    patience = 20 if RELEASE.startswith("0.13.") else 60
    facts = {"waited": members(await agent.execute_task_and_wait(prompt, patience))}
    started = await agent.execute_task(prompt)
    facts["started"] = members(started)
    for _ in range(100):
        asked = await agent.get_task_status(started.task_id)
        if asked.task_status != "running":
            break
        await asyncio.sleep(0.1)
    facts["asked"] = members(asked)
    slow = await agent.execute_task(f"Open {site}/ and wait 20 seconds, then extract the main heading")
    facts["terminated"] = members(await agent.terminate_task(slow.task_id))
    facts["impossible"] = members(await agent.execute_task_and_wait("Compose a symphony", patience))
    facts["unknown"] = members(await agent.get_task_status("no-such-task"))
    return facts


async def families(session, site):
    """The agents of a browser and of a mobile, as far as the release has them."""
    browser = session.agent.browser
    if RELEASE.startswith("0.13."):
        await browser.initialize()
    prompt = f"Open {site}/teas/genmai and extract the main heading"
    started = await browser.execute_task(prompt)
    facts = {"browser": members(started)}
    for _ in range(100):
        asked = await browser.get_task_status(started.task_id)
        if asked.task_status != "running":
            break
        await asyncio.sleep(0.1)
    facts["browserEnded"] = members(asked)
    if hasattr(session.agent, "mobile"):
        facts["mobile"] = members(await session.agent.mobile.execute_task_and_wait(prompt, 60))
    return facts


async def tools(session, site):
    """The list of tools, and a few of them."""
    listed = (await session.list_mcp_tools()).tools
    call = session.call_mcp_tool
    return {
        "names": sorted(tool.name for tool in listed),
        "navigated": members(await call("browser_navigate", {"url": f"{site}/teas/misty-ridge"})),
        "text": members(await call("browser_get_text", {})),
        "unknown": members(await call("no_such_tool", {})),
    }


async def hold(session):
    """Pause and resume, by whatever name."""
    pause, resume = (getattr(session, name, None) or getattr(session, f"beta_{name}") for name in ("pause", "resume"))
    return {"paused": members(await pause()), "resumed": members(await resume())}


async def main(endpoint, site):
    """Everything, one after the other."""
    client = AsyncAgentBay(api_key="any key", cfg=Config(endpoint=endpoint, timeout_ms=20_000))
    created = await client.create(CreateSessionParams(image_id="browser_latest", labels=LABELS))
    if not created.success:
        raise SystemExit(created.error_message)
    session = created.session
    facts = {"version": RELEASE, "requestId": created.request_id, "sessionId": session.session_id}
    facts["labels"] = members(await session.get_labels())
    facts["relabelled"] = members(await session.set_labels({**LABELS, "kind": "Oolong"}))
    facts["labelsThen"] = members(await session.get_labels())
    facts["info"] = vars((await session.info()).data)
    facts["link"] = members(await session.get_link())
    found = await client.list({"release": RELEASE})
    facts["listed"] = {"total": found.total_count, "ids": found.session_ids}
    facts["got"] = (await client.get(session.session_id)).session.session_id
    facts["tasks"] = await tasks(session, site)
    facts["families"] = await families(session, site)
    facts["tools"] = await tools(session, site)
    facts["hold"] = await hold(session)
    facts["afterwards"] = members(await session.agent.computer.execute_task_and_wait("Extract the main heading", 60))
    if hasattr(session, "keep_alive"):
        facts["kept"] = members(await session.keep_alive())
        facts["status"] = members(await session.get_status())
    facts["deleted"] = members(await session.delete(sync_context=True))
    facts["info gone"] = members(await session.info())
    facts["labels gone"] = await caught(session.get_labels())
    facts["deleted again"] = members(await session.delete())
    facts["tool gone"] = members(await session.call_mcp_tool("browser_get_text", {}))
    print(json.dumps(facts, ensure_ascii=False, default=str))


asyncio.run(main(*sys.argv[1:]))
